package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.plan.GapPolicies;
import cluster.RetentionConfig;
import cluster.RouterConfig;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import router.strategy.Strategies;

/** R9: every pair of placement and retention decides the same in two processes that differ in what a JVM or its platform may choose. */
class R9ProcessesTest {
    private static final List<String> STRATEGIES = List.copyOf(Strategies.names());
    private static final List<String> RETENTIONS = GapPolicies.names().stream()
            .map(name -> name.equals("static-ttl") ? "static-ttl:20s" : name)
            .toList();

    /** Every object has one identity hash; letters, hours and bytes are others, and another compiler optimises the arithmetic. */
    private static final List<String> OTHER = List.of(
            "-XX:+UnlockExperimentalVMOptions",
            "-XX:hashCode=2",
            "-XX:TieredStopAtLevel=1",
            "-Duser.language=tr",
            "-Duser.country=TR",
            "-Duser.timezone=Asia/Kolkata",
            "-Dfile.encoding=ISO-8859-1");

    private static final long LONGEST_MINUTES = 3;

    @Test
    void r9EveryPairDecidesTheSameInAnotherProcessOfAnotherLocaleAndIdentityHash(@TempDir Path directory)
            throws Exception {
        Path one = directory.resolve("one");
        Path other = directory.resolve("other");
        Process first = start(one, List.of());
        Process second = start(other, OTHER);

        ends(first);
        ends(second);

        for (String file : List.of("decisions.jsonl", "report.json")) {
            assertEquals(-1, Files.mismatch(one.resolve(file), other.resolve(file)), file);
        }
        List<String> logs = logs(one);
        assertEquals(STRATEGIES.size() * RETENTIONS.size(), logs.size());
        assertTrue(logs.stream().noneMatch(String::isEmpty), "every pair decided something");
    }

    /** What stands under each pair's line. */
    private static List<String> logs(Path directory) throws IOException {
        String all = Files.readString(directory.resolve("decisions.jsonl"));
        String[] between = all.split("(?m)^\\{\"strategy\":.*\\R", -1);
        return List.of(between).subList(1, between.length);
    }

    private static Process start(Path directory, List<String> options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Replaying.class.getName()));
        command.add(directory.toString());
        return new ProcessBuilder(command).inheritIO().start();
    }

    private static void ends(Process process) throws InterruptedException {
        boolean ended = process.waitFor(LONGEST_MINUTES, TimeUnit.MINUTES);
        process.destroyForcibly();
        assertTrue(ended, "the replay takes too long");
        assertEquals(0, process.exitValue());
    }

    /** One of the processes. */
    static final class Replaying {
        private Replaying() {}

        public static void main(String[] arguments) throws Exception {
            Config config = ConfigFactory.load();
            OfflineReplay replay = new OfflineReplay(
                    Workloads.agents(12, 8, 4),
                    new ReplaySettings(3, 64, 250, 300, 0, 0, false, 16, 2_048, 12, 60, 1, 50, 1, 32, "measured", 7),
                    RouterConfig.placement(config),
                    RetentionConfig.replayed(config),
                    true,
                    () -> 0);
            Path directory = Path.of(arguments[0]);
            Comparison comparison = replay.run(STRATEGIES, RETENTIONS, 1, () -> {});
            ReportFiles.write(comparison, 0, directory);
            ReportFiles.writeDecisions(comparison, directory.resolve("decisions.jsonl"));
        }
    }
}
