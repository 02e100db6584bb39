package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A section of the configuration, read with the ranges that application.conf documents. Whatever is wrong is told with
 * where it was written, its whole path, what it must be and what it is.
 *
 * <p>Every method throws {@link StartFailure} for a value that is missing, of the wrong type or out of range.
 *
 * <p>Thread-safety: immutable.
 */
final class Section {
    private final Config whole;
    private final String path;

    /** @param whole everything, resolved */
    Section(Config whole, String path) {
        this.whole = whole;
        this.path = path;
    }

    Section section(String key) {
        return new Section(whole, path(key));
    }

    String getString(String key) {
        return read(key, whole::getString);
    }

    /** One of the given words. */
    String getString(String key, Collection<String> words) {
        String word = getString(key);
        require(words.contains(word), key, "one of " + String.join(", ", words));
        return word;
    }

    boolean getBoolean(String key) {
        return read(key, whole::getBoolean);
    }

    long getLong(String key) {
        return read(key, whole::getLong);
    }

    long getLong(String key, long least) {
        long value = getLong(key);
        require(value >= least, key, "at least " + least);
        return value;
    }

    int getInt(String key, int least) {
        int value = read(key, whole::getInt);
        require(value >= least, key, "at least " + least);
        return value;
    }

    int getInt(String key, int least, int most) {
        int value = read(key, whole::getInt);
        require(value >= least && value <= most, key, least + " to " + most);
        return value;
    }

    /** A finite number of at least zero. */
    double getDouble(String key) {
        double value = read(key, whole::getDouble);
        require(value >= 0 && value < Double.POSITIVE_INFINITY, key, "a number of at least 0");
        return value;
    }

    /** A finite number of at least a bound. */
    double getDouble(String key, double least) {
        double value = getDouble(key);
        require(value >= least, key, "at least " + least);
        return value;
    }

    /** A share, 0 to 1. */
    double getShare(String key) {
        double value = read(key, whole::getDouble);
        require(value >= 0 && value <= 1, key, "0 to 1");
        return value;
    }

    /** A chance that is neither none nor certainty. */
    double getChance(String key) {
        double value = read(key, whole::getDouble);
        require(value > 0 && value < 1, key, "above 0, below 1");
        return value;
    }

    /** A chance short of certainty. */
    double getChanceOrZero(String key) {
        double value = read(key, whole::getDouble);
        require(value >= 0 && value < 1, key, "0 or more, below 1");
        return value;
    }

    /** A share above 0, at most 1. */
    double getShareAboveZero(String key) {
        double value = read(key, whole::getDouble);
        require(value > 0 && value <= 1, key, "above 0, at most 1");
        return value;
    }

    /** A number above zero and not above {@code most}. */
    double getDoubleAboveZero(String key, int most) {
        double value = getDouble(key);
        require(value > 0 && value <= most, key, "above 0, at most " + most);
        return value;
    }

    /** A finite number above zero. */
    double getDoubleAboveZero(String key) {
        double value = getDouble(key);
        require(value > 0, key, "above 0");
        return value;
    }

    /** What a name stands for, by whoever knows such names. */
    <T> T getNamed(String key, Function<String, T> names) {
        String name = getString(key);
        try {
            return names.apply(name);
        } catch (IllegalArgumentException unknown) {
            throw wrong(key, unknown.getMessage());
        }
    }

    /** A time of at least zero. */
    Duration getDurationOrZero(String key) {
        Duration value = read(key, whole::getDuration);
        require(!value.isNegative(), key, "a time of at least 0s");
        return value;
    }

    /** A time above zero. */
    Duration getDuration(String key) {
        Duration value = read(key, whole::getDuration);
        require(value.compareTo(Duration.ZERO) > 0, key, "a time above 0s");
        return value;
    }

    Duration getDuration(String key, Duration least, Duration most) {
        Duration value = read(key, whole::getDuration);
        require(
                value.compareTo(least) >= 0 && value.compareTo(most) <= 0,
                key,
                least.toMillis() + " ms to " + most.toMillis() + " ms");
        return value;
    }

    long getBytes(String key, long leastMebibytes, long mostMebibytes) {
        long value = read(key, whole::getBytes);
        require(
                value >= leastMebibytes << 20 && value <= mostMebibytes << 20,
                key,
                leastMebibytes + " MiB to " + mostMebibytes + " MiB");
        return value;
    }

    /** A size above zero. */
    long getBytes(String key) {
        long value = read(key, whole::getBytes);
        require(value >= 1, key, "at least 1 byte");
        return value;
    }

    List<String> getStringList(String key) {
        return read(key, whole::getStringList);
    }

    Config getConfig(String key) {
        return read(key, whole::getConfig);
    }

    /** Objects of a list, each with its own keys; what they may be is the reader's to check. */
    List<? extends Config> getConfigList(String key) {
        return read(key, whole::getConfigList);
    }

    private String path(String key) {
        return path + "." + key;
    }

    private <T> T read(String key, Function<String, T> getter) {
        try {
            return getter.apply(path(key));
        } catch (ConfigException wrong) {
            throw new StartFailure("configuration: " + wrong.getMessage(), wrong);
        }
    }

    private void require(boolean holds, String key, String range) {
        if (!holds) {
            throw wrong(
                    key,
                    "must be " + range + ", got " + whole.getValue(path(key)).unwrapped());
        }
    }

    private StartFailure wrong(String key, @Nullable String problem) {
        return new StartFailure("configuration: "
                + whole.getValue(path(key)).origin().description() + ": " + path(key) + ": " + problem);
    }
}
