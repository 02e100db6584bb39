package inference.jinja;

/**
 * A part of a template that writes output.
 *
 * <p>Thread-safety: immutable.
 */
@FunctionalInterface
interface Statement {

    /** Writes and tells how the loop around it goes on. */
    Flow run(Scope scope, StringBuilder out);

    /** What comes after a statement. */
    enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }
}
