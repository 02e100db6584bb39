package frontend.admin;

import frontend.Caller;
import frontend.JsonField;
import inference.InferenceRequest;

/** How one dialect reads a request; what {@code /v1/explain} explains. */
@FunctionalInterface
public interface RequestDecoder {

    /**
     * Decodes a body.
     *
     * @throws frontend.RefusedRequest naming the field that is wrong
     */
    InferenceRequest decode(JsonField body, Caller caller);
}
