package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JoinFileTest {
    private static final StoreConnection STORE =
            new StoreConnection("127.0.0.1", 5432, "holdfast", "holdfast", "secret");

    @TempDir
    Path folder;

    @Test
    void modelsAreSharedWithFilesThatAreFoundFromAnywhere() {
        Config node = ConfigFactory.parseString(
                        "holdfast.models = [{name = m, tokenizer = t.json, tokenizer-config = c.json}]")
                .withFallback(ConfigFactory.load());

        JoinFile join = JoinFile.write(folder.resolve("join.conf"), node, "akka://holdfast@127.0.0.1:1", STORE);

        Config model = ConfigFactory.parseFile(join.path().toFile())
                .getConfigList("holdfast.models")
                .get(0);
        assertEquals("m", model.getString("name"));
        assertEquals(Path.of("t.json").toAbsolutePath().toString(), model.getString("tokenizer"));
        assertEquals(Path.of("c.json").toAbsolutePath().toString(), model.getString("tokenizer-config"));
    }

    @Test
    void whatCannotBeWrittenLeavesNothing() throws Exception {
        Path taken = folder.resolve("join.conf");
        Files.createDirectories(taken.resolve("inside"));

        assertThrows(StartFailure.class, () -> JoinFile.write(taken, ConfigFactory.load(), "akka://x@h:1", STORE));

        try (var left = Files.list(folder)) {
            assertEquals(1, left.count());
        }
    }
}
