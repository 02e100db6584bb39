package workers.openai;

import akka.util.ByteString;
import inference.InferenceFailure;

/** What can come out of an engine's connection. Immutable. */
sealed interface AnswerFrame {

    /** Bytes of a running stream. */
    record Piece(ByteString bytes) implements AnswerFrame {}

    /** The engine answered with an error. */
    record Refused(InferenceFailure failure) implements AnswerFrame {}

    /** The connection could not be made or broke off. */
    record Broken(Throwable cause) implements AnswerFrame {}

    /** The answer's bytes are over. */
    record End() implements AnswerFrame {}
}
