package workers.openai;

import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;

/** Turns one answer's frames into its events. Mutable, not thread safe: one per stream. */
final class AnswerReader {
    private final String engine;
    private final SseParser events = new SseParser();
    private final ChunkReader chunks;

    AnswerReader(String engine, String callIdPrefix, int begunCalls, Sampling asked) {
        this.engine = engine;
        this.chunks = new ChunkReader(engine, callIdPrefix, begunCalls, asked);
    }

    List<InferenceEvent> read(AnswerFrame frame) {
        if (frame instanceof AnswerFrame.Piece piece) {
            return chunks(events.feed(piece.bytes().asByteBuffer()));
        }
        if (frame instanceof AnswerFrame.Refused refused) {
            return chunks.fail(refused.failure());
        }
        if (frame instanceof AnswerFrame.Broken broken) {
            return broken(broken.cause());
        }
        List<InferenceEvent> last = new ArrayList<>(chunks(events.end()));
        last.addAll(chunks.end("closed the connection before its answer was complete"));
        return last;
    }

    private List<InferenceEvent> broken(Throwable cause) {
        if (cause instanceof TimeoutException) {
            return chunks.fail(InferenceFailure.of(Kind.TIMEOUT, engine + " was silent for too long"));
        }
        return chunks.end("broke off: " + cause.getMessage());
    }

    private List<InferenceEvent> chunks(List<String> data) {
        List<InferenceEvent> read = new ArrayList<>(data.size());
        data.forEach(one -> read.addAll(chunks.read(one)));
        return read;
    }
}
