package inference.jinja;

/** A template cannot be read, or refuses what it is given; the message is meant for who wrote either. */
public final class TemplateFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean raised;

    TemplateFailure(String message) {
        this(message, false);
    }

    private TemplateFailure(String message, boolean raised) {
        super(message);
        this.raised = raised;
    }

    /** What a template says itself, by {@code raise_exception}. */
    static TemplateFailure raised(String message) {
        return new TemplateFailure(message, true);
    }

    /** Whether the template itself refuses what it is given; else it is at fault, or asks for what is not known here. */
    public boolean raised() {
        return raised;
    }
}
