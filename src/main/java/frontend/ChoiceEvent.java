package frontend;

import inference.InferenceEvent;

/**
 * One step of one of the answers that a request asks for.
 *
 * <p>Thread-safety: immutable.
 *
 * @param choice which answer, from 0
 * @param last whether it ends the whole request: the end of the last answer, or the failure of any
 */
public record ChoiceEvent(int choice, InferenceEvent event, boolean last) {}
