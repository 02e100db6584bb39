package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The keys that there are: those of application.conf, and whatever Akka takes below {@code akka}. A misspelt key would
 * otherwise be a setting that silently is not made.
 *
 * <p>Thread-safety: immutable.
 */
public final class KnownKeys {
    private static final String OTHERS = "akka";
    private static final String OURS = "holdfast";
    /** A key is called near if at most every second letter of its last word differs. */
    private static final int NEAR = 2;

    private final Config manual;
    private final Set<String> paths = new LinkedHashSet<>();

    /** @param manual a configuration that holds every key there is */
    public KnownKeys(Config manual) {
        this.manual = manual;
        collect("", manual.root().withOnlyKey(OURS));
    }

    private void collect(String path, ConfigObject object) {
        for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
            String below = below(path, entry.getKey());
            paths.add(below);
            if (entry.getValue() instanceof ConfigObject section) {
                collect(below, section);
            }
        }
    }

    /**
     * Refuses what a user gives and nothing reads.
     *
     * @param given options and files of the user, unresolved
     * @throws StartFailure naming place, key and the nearest key that there is
     */
    public void require(Config given) {
        ConfigResolveOptions lenient = ConfigResolveOptions.defaults().setAllowUnresolved(true);
        require(
                "",
                given.resolveWith(given.withFallback(manual).resolve(lenient), lenient)
                        .root());
    }

    private void require(String path, ConfigObject object) {
        for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
            String below = below(path, entry.getKey());
            if (below.equals(OTHERS)) {
                continue;
            }
            if (!paths.contains(below)) {
                throw new StartFailure("configuration: "
                        + entry.getValue().origin().description() + ": there is no key " + below + nearest(below));
            }
            if (entry.getValue() instanceof ConfigObject section) {
                require(below, section);
            }
        }
    }

    private String nearest(String path) {
        record Near(String path, int distance) {}
        return Stream.of(path, OURS + "." + path)
                .flatMap(meant -> paths.stream().map(known -> new Near(known, distance(meant, known))))
                .min(Comparator.comparingInt(Near::distance).thenComparing(Near::path))
                .filter(near -> near.distance() * NEAR
                        < near.path().length() - near.path().lastIndexOf('.'))
                .map(near -> "; the nearest is " + near.path())
                .orElse("; docs and keys are in application.conf");
    }

    /** Letters to insert, leave out or replace until one text is the other (Levenshtein's distance). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }

    private static String below(String path, String key) {
        String quoted = ConfigUtil.joinPath(List.of(key));
        return path.isEmpty() ? quoted : path + "." + quoted;
    }
}
