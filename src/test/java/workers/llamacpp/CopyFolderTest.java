package workers.llamacpp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import kv.FoundCopy;
import kv.LeaseId;
import kv.LedgerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import workers.status.CopyRoom;

class CopyFolderTest {
    private static final LedgerId OURS = new LedgerId(-1);
    private static final LedgerId THEIRS = new LedgerId(2);
    private static final LeaseId LEASE = new LeaseId(3, -4);

    private static final long BUDGET = 100;

    @TempDir
    Path path;

    private CopyFolder folder() {
        return new CopyFolder(new CopyStorage(path, BUDGET, 1, Duration.ofDays(1)));
    }

    @Test
    void filesOfALedgerAreFoundWithTheirLeasesAndNobodyElses() throws IOException {
        CopyFolder folder = folder();
        String ours = folder.newName(5, OURS, LEASE);
        String otherWeights = folder.newName(6, OURS, LEASE);
        for (String name : List.of(ours, otherWeights, folder.newName(5, THEIRS, LEASE), "notes.txt", "x" + ours)) {
            Files.writeString(path.resolve(name), "x");
        }

        List<FoundCopy> found = folder.of(OURS);

        assertEquals(2, found.size());
        assertTrue(found.containsAll(List.of(new FoundCopy(LEASE, ours), new FoundCopy(LEASE, otherWeights))));
    }

    @Test
    void nothingIsDeletedThatHasAnotherNameThanOurs() throws IOException {
        CopyFolder folder = folder();
        Path below = Files.createDirectory(path.resolve("below"));
        CopyFolder inner = new CopyFolder(new CopyStorage(below, BUDGET, 1, Duration.ofDays(1)));
        String name = folder.newName(5, OURS, LEASE);
        for (Path file : List.of(path.resolve("notes.txt"), below.resolve(name), path.resolve(name + "x"))) {
            Files.writeString(file, "x");
        }

        folder.delete("notes.txt");
        folder.delete("below/" + name);
        folder.delete(name + "x");
        folder.delete(name);
        inner.delete("../notes.txt");

        assertFalse(inner.holds("../notes.txt", 1));
        assertTrue(Files.exists(path.resolve("notes.txt")));
        assertTrue(Files.exists(below.resolve(name)));
        assertTrue(Files.exists(path.resolve(name + "x")));
    }

    @Test
    void aFileCountsAtExactlyItsSize() throws IOException {
        CopyFolder folder = folder();
        String name = folder.newName(5, OURS, LEASE);
        assertFalse(folder.holds(name, 0));
        Files.writeString(path.resolve(name), "four");

        assertTrue(folder.holds(name, 4));
        assertFalse(folder.holds(name, 5));
        assertNotEquals(name, folder.newName(5, OURS, LEASE), "no name is used twice");
    }

    @Test
    void r2CopiesOfAllLedgersAndWhatIsBeingWrittenStayWithinTheBudget() throws IOException {
        CopyFolder folder = folder();
        CopyFolder ofAnotherNode = folder();
        String first = folder.newName(5, OURS, LEASE);
        String second = ofAnotherNode.newName(5, THEIRS, LEASE);
        Files.write(path.resolve("notes.txt"), new byte[1000]);

        assertTrue(folder.reserve(first, 60));
        assertFalse(ofAnotherNode.reserve(second, 41), "it is not written yet, but it will be");
        assertEquals(new CopyRoom(60, BUDGET), folder.room(), "a refusal takes nothing");
        assertTrue(ofAnotherNode.reserve(second, 40));

        Files.write(path.resolve(first), new byte[55]);
        assertEquals(new CopyRoom(100, BUDGET), folder.room(), "half written or whole, it has its room");
        folder.settle(first, 60);
        assertEquals(new CopyRoom(95, BUDGET), folder.room());
        ofAnotherNode.settle(second, 40);
        folder.delete(first);
        assertEquals(new CopyRoom(0, BUDGET), folder.room());
    }

    @Test
    void r2WhoeverReservesAtOnceTheBudgetHolds() throws Exception {
        int nodes = 4;
        ExecutorService threads = Executors.newFixedThreadPool(nodes);
        List<Future<Integer>> granted = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            CopyFolder own = folder();
            granted.add(threads.submit(() -> {
                int taken = 0;
                for (int copy = 0; copy < 10; copy++) {
                    taken += own.reserve(own.newName(5, OURS, LEASE), 15) ? 15 : 0;
                }
                return taken;
            }));
        }
        long taken = 0;
        for (Future<Integer> one : granted) {
            taken += one.get();
        }
        threads.shutdown();

        assertTrue(taken <= BUDGET, taken + " bytes");
        assertEquals(taken, folder().room().bytes(), "and nothing is left of refusals");
    }

    @Test
    void aReservationThatItsNodeDidNotLiveToSettleIsFoundAndDeletedLikeAFile() {
        CopyFolder folder = folder();
        String name = folder.newName(5, OURS, LEASE);
        assertTrue(folder.reserve(name, 70));

        List<FoundCopy> found = folder.of(OURS);

        assertEquals(List.of(LEASE), found.stream().map(FoundCopy::lease).toList());
        assertFalse(folder.holds(name, 0), "it is no copy");
        folder.delete(found.get(0).location());
        assertEquals(new CopyRoom(0, BUDGET), folder.room());
    }

    @Test
    void aBudgetIsASizeOrAShareOfWhatTheDiskHasFreeWithoutCopies() {
        assertEquals(150, new CopyStorage(path, null, 0.5, Duration.ofDays(1)).budget(100, 200));
        assertEquals(
                150, new CopyStorage(path, null, 0.5, Duration.ofDays(1)).budget(0, 300), "copies do not lower it");
        assertEquals(120, new CopyStorage(path, 120L, 0.5, Duration.ofDays(1)).budget(100, 200));
        assertEquals(
                110,
                new CopyStorage(path, 120L, 0.5, Duration.ofDays(1)).budget(100, 10),
                "there is no more disk than that");
    }

    @Test
    void whatNobodyHasLookedAfterForLongerThanAnyLeaseIsDeletedAndNothingElse() throws IOException {
        CopyFolder folder = folder();
        FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofDays(3)));
        Path ours = copy(folder, OURS, longAgo);
        Path theirs = copy(folder, THEIRS, longAgo);
        Path young = copy(folder, THEIRS, FileTime.from(Instant.now()));
        Path trial = copy(folder, LedgerId.NONE, longAgo);
        Path notes = Files.setLastModifiedTime(Files.writeString(path.resolve("notes.txt"), "x"), longAgo);

        assertEquals(1, folder.lookAfter(OURS).size());
        assertTrue(Files.exists(theirs), "nobody has been seen to look after it, but for how long?");
        Path mark = path.resolve("hf-" + THEIRS + ".mark");
        Files.setLastModifiedTime(mark, longAgo);
        folder.lookAfter(THEIRS);
        folder.lookAfter(OURS);
        assertTrue(Files.exists(theirs), "a lease may be renewed for longer than its copy is old");

        Files.setLastModifiedTime(mark, longAgo);
        folder.lookAfter(OURS);

        assertFalse(Files.exists(theirs));
        assertFalse(Files.exists(mark));
        for (Path kept : List.of(ours, young, trial, notes)) {
            assertTrue(Files.exists(kept), kept::toString);
        }
        assertEquals(List.of(), strangers(), "no mark is left half made");
    }

    @Test
    void marksOfLedgersWithoutFilesAndThoseThatANodeLeftHalfMadeGoAsWell() throws IOException {
        FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofDays(3)));
        CopyFolder folder = folder();
        folder.lookAfter(THEIRS);
        Path theirs = path.resolve("hf-" + THEIRS + ".mark");
        assertTrue(Files.exists(theirs));
        Path halfMade = Files.createFile(path.resolve("hf-17446744073709551615.mark"));
        Path young = Files.createFile(path.resolve("hf-5.mark"));
        Path persons = Files.createFile(path.resolve("hf-question.mark"));
        for (Path old : List.of(theirs, halfMade, persons)) {
            Files.setLastModifiedTime(old, longAgo);
        }

        folder.lookAfter(OURS);

        assertFalse(Files.exists(theirs));
        assertFalse(Files.exists(halfMade));
        for (Path kept : List.of(young, persons, path.resolve("hf-" + OURS + ".mark"))) {
            assertTrue(Files.exists(kept), kept::toString);
        }
    }

    /** The folder is a link that has the mark's name: the mark takes its place, and nothing can be listed there any more. */
    @Test
    void whatIsOursIsFoundThoughWhatOthersLeftCannotBeListed() throws IOException {
        Path link = Files.createSymbolicLink(path.resolve("hf-" + OURS + ".mark"), path);
        CopyFolder folder = new CopyFolder(new CopyStorage(link, BUDGET, 1, Duration.ofDays(1)));
        String ours = folder.newName(5, OURS, LEASE);
        Files.writeString(path.resolve(ours), "x");

        assertEquals(List.of(new FoundCopy(LEASE, ours)), folder.lookAfter(OURS));

        assertTrue(Files.isRegularFile(link), "the listing did fail");
    }

    private Path copy(CopyFolder folder, LedgerId ledger, FileTime written) throws IOException {
        Path file = Files.writeString(path.resolve(folder.newName(5, ledger, LEASE)), "x");
        return Files.setLastModifiedTime(file, written);
    }

    /** Marks that are no ledger's. */
    private List<String> strangers() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".mark") && !name.equals("hf-" + OURS + ".mark"))
                    .toList();
        }
    }

    @Test
    void whatACutOffTrialLeftIsDeletedAndWhatRunsIsNot() throws IOException {
        CopyFolder folder = folder();
        Path old = Files.writeString(path.resolve(folder.trialName(5)), "x");
        Path running = Files.writeString(path.resolve(folder.trialName(5)), "x");
        Path copy = Files.writeString(path.resolve(folder.newName(5, OURS, LEASE)), "x");
        FileTime yesterday = FileTime.from(Instant.now().minus(Duration.ofDays(1)));
        Files.setLastModifiedTime(old, yesterday);
        Files.setLastModifiedTime(copy, yesterday);

        folder.deleteOldTrials();

        assertFalse(Files.exists(old));
        assertTrue(Files.exists(running));
        assertTrue(Files.exists(copy));
    }
}
