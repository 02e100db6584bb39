package architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** application.conf is the manual: no key of ours without a comment, and every key in kebab-case. */
class ConfigDocTest {
    private final Config own = ConfigFactory.parseResources("application.conf").getConfig("holdfast");

    @Test
    void everyKeyIsExplained() {
        Set<String> silent = new TreeSet<>();
        visit("holdfast", own.root(), (path, value) -> {
            if (value.origin().comments().isEmpty()) {
                silent.add(path);
            }
        });
        assertEquals(Set.of(), silent, "keys without a comment");
    }

    @Test
    void everyKeyIsInKebabCase() {
        Set<String> odd = new TreeSet<>();
        int[] seen = {0};
        visit("holdfast", own.root(), (path, value) -> {
            seen[0]++;
            if (!path.matches("[a-z0-9.-]+")) {
                odd.add(path);
            }
        });
        assertEquals(Set.of(), odd);
        assertTrue(seen[0] > 0, "no key was visited");
    }

    private static void visit(String path, ConfigObject object, Visitor visitor) {
        for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
            String below = path + "." + entry.getKey();
            if (entry.getValue() instanceof ConfigObject section) {
                visit(below, section, visitor);
            } else {
                visitor.key(below, entry.getValue());
            }
        }
    }

    private interface Visitor {
        void key(String path, ConfigValue value);
    }
}
