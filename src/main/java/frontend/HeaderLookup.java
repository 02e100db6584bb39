package frontend;

import org.jspecify.annotations.Nullable;

/** Headers of one request. */
@FunctionalInterface
public interface HeaderLookup {

    /** First value of a header, by lower-case name; null when there is none. */
    @Nullable
    String first(String name);

    /** {@link #first}, trimmed, with a blank value read as none. */
    default @Nullable String value(String name) {
        String value = first(name);
        return value == null || value.isBlank() ? null : value.strip();
    }
}
