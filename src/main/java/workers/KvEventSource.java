package workers;

/**
 * Port to the numbered event streams of one engine, one stream per data-parallel rank.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface KvEventSource extends AutoCloseable {

    /**
     * Asks for a repetition of everything from a number on; an earlier one of the same stream is broken off.
     *
     * @param stream rank of the stream, from 0
     * @param attempt comes back with every answer
     */
    void replay(int stream, long attempt, long from);

    /** Ends all streams; returns before its threads have ended. Repeating it does nothing. */
    @Override
    void close();

    /** Receiver of the streams; called by one thread of the source, which waits while a call lasts. */
    interface Listener {

        /** The next message of a live stream. */
        void live(int stream, long number, byte[] payload);

        /** One message of a repetition. */
        void replayed(int stream, long attempt, long number, byte[] payload);

        /** The repetition is complete. */
        void replayEnded(int stream, long attempt);

        /** The source ended by an error: nothing follows. Not called for one that was closed. */
        void failed(Throwable cause);
    }

    /** Opens the streams of an engine that publishes events. */
    interface Factory {
        KvEventSource open(EngineEndpoint endpoint, Listener listener);
    }
}
