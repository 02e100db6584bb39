package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.r2dbc.spi.R2dbcException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class EmbeddedStoreIT {

    private static final StoreSettings SETTINGS = StoreSettings.of(ConfigFactory.load());

    @TempDir
    Path temporary;

    @BeforeEach
    void makeTheStore() throws IOException {
        StoreTemplate.copyTo(temporary);
    }

    @Test
    void anAcknowledgedWriteIsOnDisk() {
        try (DataDirectory data = DataDirectory.open(temporary);
                EmbeddedStore store = EmbeddedStore.start(data, SETTINGS)) {
            for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
                assertEquals(List.of("on"), StoreClient.query(store.connection(), "SHOW " + setting), setting);
            }
        }
    }

    @Test
    void onlyTheOwnerOfThePasswordGetsIn() throws IOException {
        try (DataDirectory data = DataDirectory.open(temporary);
                EmbeddedStore store = EmbeddedStore.start(data, SETTINGS)) {
            StoreConnection right = store.connection();
            StoreConnection wrong =
                    new StoreConnection(right.host(), right.port(), right.database(), right.user(), "guessed");

            assertThrows(R2dbcException.class, () -> StoreClient.query(wrong, "SELECT 1"));
            assertFalse(right.toString().contains(right.password()), right.toString());
            assertEquals(
                    "127.0.0.1",
                    StoreClient.query(right, "SHOW listen_addresses").get(0));
            assertEquals(
                    PosixFilePermissions.fromString("rw-------"),
                    Files.getPosixFilePermissions(data.path().resolve("postgres/holdfast.password")));
        }
    }

    @Test
    void dataSurvivesAStopAndTheTablesAreNotMadeTwice() throws Exception {
        long first;
        try (DataDirectory data = DataDirectory.open(temporary);
                EmbeddedStore store = EmbeddedStore.start(data, SETTINGS)) {
            first = store.pid();
            StoreClient.execute(
                    store.connection(),
                    "INSERT INTO snapshot (persistence_id, seq_nr, slice, entity_type, write_timestamp, ser_id,"
                            + " ser_manifest, snapshot) VALUES ('kept', 1, 1, 't', 1, 1, '', '')");
        }
        assertFalse(Files.exists(temporary.resolve("postgres/postmaster.pid")), "it did not stop in an orderly way");
        awaitEnd(first);

        try (DataDirectory data = DataDirectory.open(temporary);
                EmbeddedStore store = EmbeddedStore.start(data, SETTINGS)) {
            assertEquals(List.of("kept"), StoreClient.query(store.connection(), "SELECT persistence_id FROM snapshot"));
        }
    }

    @Test
    void aKilledNodeTakesItsDatabaseWithItAndTheNextStartFindsTheData() throws Exception {
        Process owner = launchOwner();
        ProcessHandle database = ProcessHandle.of(readPid(owner)).orElseThrow();

        owner.destroyForcibly();

        awaitEnd(database.pid());
        assertDataIsThere();
    }

    @Test
    void aDatabaseThatLostItsGuardIsStoppedByTheNextStart() throws Exception {
        Process owner = launchOwner();
        ProcessHandle database = ProcessHandle.of(readPid(owner)).orElseThrow();

        owner.children().forEach(ProcessHandle::destroyForcibly);
        owner.destroyForcibly();
        owner.waitFor();

        assertTrue(database.isAlive(), "without guard and owner nobody stops it");
        assertDataIsThere();
        awaitEnd(database.pid());
    }

    @Test
    void aKilledDatabaseComesBackOnItsPort() throws Exception {
        try (DataDirectory data = DataDirectory.open(temporary);
                EmbeddedStore store = EmbeddedStore.start(data, SETTINGS)) {
            StoreClient.execute(
                    store.connection(), "CREATE TABLE note (text VARCHAR); INSERT INTO note VALUES ('kept')");
            long killed = store.pid();

            ProcessHandle.of(killed).orElseThrow().destroyForcibly();

            assertEquals(
                    List.of("kept"),
                    Eventually.get(() -> StoreClient.query(store.connection(), "SELECT text FROM note")));
            assertNotEquals(killed, store.pid());
        }
    }

    @Test
    void filesOfAnotherMajorVersionAreRefused() throws IOException {
        try (DataDirectory data = DataDirectory.open(temporary)) {
            EmbeddedStore.start(data, SETTINGS).close();
            Files.writeString(data.path().resolve("postgres/PG_VERSION"), "9\n");

            String message = String.valueOf(assertThrows(StartFailure.class, () -> EmbeddedStore.start(data, SETTINGS))
                    .getMessage());

            assertTrue(message.contains("belongs to PostgreSQL 9"), message);
            assertTrue(message.contains("--data-dir"), message);
        }
    }

    private void assertDataIsThere() {
        try (DataDirectory data = DataDirectory.open(temporary);
                EmbeddedStore store = EmbeddedStore.start(data, SETTINGS)) {
            assertEquals(List.of("kept"), StoreClient.query(store.connection(), "SELECT text FROM note"));
        }
    }

    /** A dead process stays visible until its parent, by then the system's first process, has taken note. */
    private static void awaitEnd(long pid) throws Exception {
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        if (process.isPresent()) {
            process.get().onExit().get(30, TimeUnit.SECONDS);
        }
    }

    private Process launchOwner() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dlogback.configurationFile=logback-test.xml",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StoreOwner.class.getName(),
                        temporary.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static long readPid(Process owner) throws IOException {
        BufferedReader output = owner.inputReader();
        String line = output.readLine();
        assertTrue(line != null && line.matches("\\d+"), "the owner did not start: " + line);
        return Long.parseLong(line);
    }
}
