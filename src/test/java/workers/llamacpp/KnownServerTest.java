package workers.llamacpp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import kv.LeaseId;
import kv.LedgerId;
import kv.StoredCopy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import workers.Seat;

/** What a well-behaved server cannot be made to answer, and what its pages mean. */
class KnownServerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ServerProps PROPS = new ServerProps("life", 2, 4096, "/m.gguf", "b1");
    private static final KnownServer SERVER = KnownServer.copying(PROPS, 7, new SlotApi.Moved(80, 1000));

    @TempDir
    Path folder;

    @Test
    void aSaveCountsOnlyWhenTheServerWroteWhatTheSlotHeldAndTheFileIsThatLong() throws IOException {
        CopyFolder copies = new CopyFolder(new CopyStorage(folder, null, 1, Duration.ofDays(1)));
        String file = copies.newName(7, LedgerId.NONE, new LeaseId(1, 2));
        Files.write(folder.resolve(file), new byte[1000]);

        assertEquals(
                Optional.of(new StoredCopy(file, 1000, 90, "0000000000000007-np2-b1")),
                SERVER.acknowledge(file, new SlotApi.Moved(90, 1000), 90, copies));
        assertEquals(Optional.empty(), SERVER.acknowledge(file, new SlotApi.Moved(0, 1000), 90, copies));
        assertEquals(Optional.empty(), SERVER.acknowledge(file, new SlotApi.Moved(90, 1001), 90, copies));
    }

    @Test
    void aCopyTakesAtMostAsMuchATokenAsTheSmallFileOfTheTrial() {
        assertEquals(1000, SERVER.copyBytes(80));
        assertEquals(1013, SERVER.copyBytes(81), "rounded up");
        assertEquals(1_250_000_000L, SERVER.copyBytes(100_000_000), "in 64 bits");
    }

    @Test
    void onlyCopiesOfItsOwnKindThatFitASlotAreRead() {
        assertTrue(SERVER.reads(new StoredCopy("f", 1, 4095, "0000000000000007-np2-b1")));
        assertFalse(SERVER.reads(new StoredCopy("f", 1, 4096, "0000000000000007-np2-b1")));
        assertFalse(SERVER.reads(new StoredCopy("f", 1, 10, "0000000000000008-np2-b1")));
        assertFalse(SERVER.reads(new StoredCopy("f", 1, 10, "0000000000000007-np4-b1")));
    }

    @Test
    void aSeatThatTheServerWouldTakeForAnotherIsNone() {
        assertTrue(SERVER.copies(new Seat(1)));
        assertFalse(SERVER.copies(new Seat(2)), "taken modulo the slots, this would be slot 0");
        assertFalse(SERVER.copies(Seat.ANY));
    }

    @Test
    void pagesOfSomethingElseAreRefused() {
        assertThrows(IllegalStateException.class, () -> ServerProps.read(JSON.readTree("{\"role\":\"router\"}")));
    }
}
