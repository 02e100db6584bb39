package agents;

import akka.actor.typed.ActorRef;
import akka.stream.Attributes;
import akka.stream.Outlet;
import akka.stream.SourceShape;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import inference.InferenceEvent;
import inference.InferenceRequest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A turn as its client reads it; the turn begins when the stream is materialised. Turn and stream exchange plain messages: with
 * a queue between them, every event would be handed over through a future and a thread pool more.
 */
final class ClientStream extends GraphStage<SourceShape<InferenceEvent>> {
    private final Outlet<InferenceEvent> out = Outlet.create("ClientStream.out");
    private final SourceShape<InferenceEvent> shape = SourceShape.of(out);
    private final InferenceRequest request;
    private final ActorRef<Turns.Command> turns;

    ClientStream(InferenceRequest request, ActorRef<Turns.Command> turns) {
        this.request = request;
        this.turns = turns;
    }

    /** @param taken null with the terminal event */
    private record Offer(InferenceEvent event, @Nullable Runnable taken) {}

    /**
     * The client, as its turn sees it.
     *
     * <p>Thread-safety: safe for concurrent use.
     */
    static final class Client {
        private final AsyncCallback<Offer> offers;
        private final CompletableFuture<Void> left;

        private Client(AsyncCallback<Offer> offers, CompletableFuture<Void> left) {
            this.offers = offers;
            this.left = left;
        }

        /**
         * Hands over an event.
         *
         * @param taken run once the client has asked for it; never, when the client leaves before
         */
        void offer(InferenceEvent event, Runnable taken) {
            offers.invoke(new Offer(event, taken));
        }

        /** Hands over the terminal event. */
        void end(InferenceEvent last) {
            offers.invoke(new Offer(last, null));
        }

        /** Runs an action once the client has left without waiting for the end, at once if it has. */
        void whenLeft(Runnable action) {
            var unused = left.thenRun(action);
        }
    }

    @Override
    public SourceShape<InferenceEvent> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private final class Logic extends GraphStageLogic {
        private final CompletableFuture<Void> left = new CompletableFuture<>();
        private final Deque<Offer> offered = new ArrayDeque<>();
        private boolean ended;

        Logic() {
            super(shape);
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    move();
                }
            });
        }

        @Override
        public void preStart() {
            AsyncCallback<Offer> offers = createAsyncCallback(offer -> {
                ended = ended || offer.taken() == null;
                offered.add(offer);
                move();
            });
            turns.tell(new Turns.Run(request, new Client(offers, left)));
        }

        @Override
        public void postStop() {
            if (!ended) {
                left.complete(null);
            }
        }

        private void move() {
            if (!isAvailable(out) || offered.isEmpty()) {
                return;
            }
            Offer next = offered.remove();
            push(out, next.event());
            Runnable taken = next.taken();
            if (taken == null) {
                completeStage();
            } else {
                taken.run();
            }
        }
    }
}
