package frontend;

import inference.InferenceFailure;

/**
 * A request that cannot be answered, thrown from any depth of a decoder or by a port's stage. Routes turn it into their
 * dialect's error; it has no stack trace, because it reports the client's fault or the cluster's state, not a bug.
 *
 * <p>Thread-safety: immutable.
 */
public final class RefusedRequest extends RuntimeException {
    private final transient InferenceFailure failure;

    public RefusedRequest(InferenceFailure failure) {
        super(failure.message(), null, false, false);
        this.failure = failure;
    }

    /** A request field is wrong. */
    public static RefusedRequest invalid(String param, String message) {
        return new RefusedRequest(InferenceFailure.invalid(param, message));
    }

    /** What to tell the client. */
    public InferenceFailure failure() {
        return failure;
    }
}
