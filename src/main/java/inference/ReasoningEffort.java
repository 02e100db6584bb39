package inference;

import java.util.Locale;

/** How much a model shall think before it answers. */
public enum ReasoningEffort {
    /** Not at all. */
    NONE,
    MINIMAL,
    LOW,
    MEDIUM,
    HIGH,
    XHIGH,
    MAX;

    /** The word that dialects, engines and templates have for it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
