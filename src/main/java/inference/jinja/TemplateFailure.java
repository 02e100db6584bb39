package inference.jinja;

/** A template cannot be read, or refuses what it is given; the message is meant for who wrote either. */
public final class TemplateFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TemplateFailure(String message) {
        super(message);
    }
}
