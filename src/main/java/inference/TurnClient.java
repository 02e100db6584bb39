package inference;

/**
 * Who reads the answer of one turn, as the turn sees it.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface TurnClient {

    /**
     * Tells that the turn has its prompt and looks for a worker. Until then it takes many times the memory of its text, and may be longer
     * than any worker takes. Not told of a turn that ends before; told before any event.
     *
     * @param prompt its length
     */
    void prompted(PromptLength prompt);

    /**
     * Hands over an event that is not the last.
     *
     * @param taken run once the client reads it; never when the client leaves before
     */
    void offer(InferenceEvent event, Runnable taken);

    /** Hands over the terminal event. Whatever is handed over after it is not heard. */
    void end(InferenceEvent last);

    /** Runs an action once the client has left before it was handed the end; at once if it has. */
    void whenLeft(Runnable action);
}
