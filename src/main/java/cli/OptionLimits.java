package cli;

import java.net.URI;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;

/** What options' values must be. Refusals name the option, the limit and the value. */
final class OptionLimits {
    private static final Set<String> SCHEMES = Set.of("http", "https");

    private OptionLimits() {}

    static void atLeast(int least, String option, int value) {
        if (value < least) {
            throw new IllegalArgumentException(option + " must be at least " + least + ", got " + value);
        }
    }

    static void notNegative(String option, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(option + " must be a number of at least 0, got " + value);
        }
    }

    static void aboveZero(String option, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(option + " must be a number above 0, got " + value);
        }
    }

    static void url(String option, URI value) {
        if (value.getHost() == null || !SCHEMES.contains(String.valueOf(value.getScheme()))) {
            throw new IllegalArgumentException(option + " is no URL like http://127.0.0.1:8642: " + value);
        }
    }

    /** Runs a check that knows nothing of options, and says whose value it refused. */
    static void allowed(String option, Runnable check) {
        try {
            check.run();
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException(option + ": " + refused.getMessage(), refused);
        }
    }

    /** A name of a list; blanks around it are not part of it. */
    static final class ListedName implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            return value.strip();
        }
    }
}
