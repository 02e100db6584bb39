package agents;

import akka.japi.Pair;
import akka.stream.Attributes;
import akka.stream.Inlet;
import akka.stream.SinkShape;
import akka.stream.stage.AbstractGraphStageWithMaterializedValue;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStageLogic;
import inference.InferenceEvent;
import inference.InferenceFailure;
import java.util.function.Consumer;

/** An engine's answer as its turn reads it: an event each time it asks, which is a plain message to it. */
final class EngineStream
        extends AbstractGraphStageWithMaterializedValue<SinkShape<InferenceEvent>, EngineStream.Answer> {
    private final Inlet<InferenceEvent> in = Inlet.create("EngineStream.in");
    private final SinkShape<InferenceEvent> shape = SinkShape.of(in);
    private final Consumer<InferenceEvent> turn;

    /** @param turn gets an event for each {@link Answer#next}, and a failure when the stream ends without a terminal one */
    EngineStream(Consumer<InferenceEvent> turn) {
        this.turn = turn;
    }

    /**
     * The answer, as its turn sees it.
     *
     * <p>Thread-safety: safe for concurrent use.
     */
    static final class Answer {
        private final AsyncCallback<Boolean> wishes;

        private Answer(AsyncCallback<Boolean> wishes) {
            this.wishes = wishes;
        }

        /** Asks for the next event. */
        void next() {
            wishes.invoke(true);
        }

        /** The turn needs no more: what still runs is cancelled. */
        void cancel() {
            wishes.invoke(false);
        }
    }

    @Override
    public SinkShape<InferenceEvent> shape() {
        return shape;
    }

    @Override
    public Pair<GraphStageLogic, Answer> createLogicAndMaterializedValuePair(Attributes attributes) {
        Logic logic = new Logic();
        return Pair.create(logic, new Answer(logic.wishes));
    }

    private final class Logic extends GraphStageLogic {
        private final AsyncCallback<Boolean> wishes = createAsyncCallback(this::wished);

        Logic() {
            super(shape);
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    InferenceEvent event = grab(in);
                    turn.accept(event);
                    if (event.terminal()) {
                        completeStage();
                    }
                }

                @Override
                public void onUpstreamFinish() {
                    brokenOff("ended without saying how");
                }

                @Override
                public void onUpstreamFailure(Throwable cause) {
                    brokenOff("failed: " + cause);
                }
            });
        }

        private void wished(boolean more) {
            if (!more) {
                completeStage();
            } else if (!hasBeenPulled(in)) {
                pull(in);
            }
        }

        private void brokenOff(String how) {
            turn.accept(new InferenceEvent.Failed(
                    InferenceFailure.of(InferenceFailure.Kind.ENGINE_FAILED, "the engine's stream " + how)));
            completeStage();
        }
    }
}
