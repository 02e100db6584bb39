package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KryoRegistrationsTest {

    /** The golden list only ever grows: a line that changes or goes breaks nodes of two builds in one cluster. */
    @Test
    void everyIdIsPinned() throws IOException {
        String registered = new TreeMap<>(KryoRegistrations.classes())
                .entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue().getTypeName())
                        .collect(Collectors.joining("\n", "", "\n"));
        try (InputStream golden = getClass().getResourceAsStream("/wire/kryo-ids.txt")) {
            assertNotNull(golden);
            assertEquals(new String(golden.readAllBytes(), StandardCharsets.UTF_8), registered);
        }
    }
}
