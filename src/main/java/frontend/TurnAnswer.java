package frontend;

import akka.NotUsed;
import akka.stream.Attributes;
import akka.stream.Outlet;
import akka.stream.SourceShape;
import akka.stream.javadsl.Source;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import inference.InferenceEvent;
import inference.PromptLength;
import inference.TurnClient;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The answer of one turn between the turn, which hands events over, and the HTTP response, whose stream takes them when it is ready.
 * Its first event is known before there is a response. It has at most one terminal event, which is its last.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class TurnAnswer implements TurnClient {
    private static final PromptLength UNKNOWN = new PromptLength(0, List.of());

    private final Deque<Offer> offered = new ArrayDeque<>();
    private final CompletableFuture<Optional<InferenceEvent>> first = new CompletableFuture<>();
    private final CompletableFuture<PromptLength> prompted = new CompletableFuture<>();
    private final CompletableFuture<InferenceEvent> end = new CompletableFuture<>();
    private final CompletableFuture<Void> left = new CompletableFuture<>();
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    /** Whether the terminal event was handed over, or nobody waits for it. */
    private boolean ended;
    /** Whether nobody reads any more. */
    private boolean closed;
    /** Events but the terminal one that were handed over. */
    private int steps;
    /** Set while the response has asked for an event that is not there. */
    private @Nullable Runnable waiting;

    /** @param taken null with the terminal event */
    private record Offer(InferenceEvent event, @Nullable Runnable taken) {}

    @Override
    public void prompted(PromptLength prompt) {
        prompted.complete(prompt);
    }

    @Override
    public void offer(InferenceEvent event, Runnable taken) {
        add(new Offer(event, taken));
    }

    @Override
    public void end(InferenceEvent last) {
        // First, so that an answer which is read tells what its turn has used.
        end.complete(last);
        prompted.complete(UNKNOWN);
        add(new Offer(last, null));
    }

    @Override
    public void whenLeft(Runnable action) {
        var unused = left.thenRun(action);
    }

    /** The first event, once it is there; empty when the client left before. */
    CompletionStage<Optional<InferenceEvent>> first() {
        return first;
    }

    /** Complete once the turn has its prompt and looks for a worker, or has ended before. */
    CompletableFuture<PromptLength> whenPrompted() {
        return prompted;
    }

    /** Length of the prompt, known from the first event on that is no failure. */
    PromptLength prompt() {
        return prompted.getNow(UNKNOWN);
    }

    /** The turn's own last event, whether or not the client waits for it. */
    CompletionStage<InferenceEvent> end() {
        return end;
    }

    /** How many events were handed over before the terminal one. */
    int steps() {
        synchronized (offered) {
            return steps;
        }
    }

    /** Whether there is no terminal event yet, and somebody waits for it. */
    boolean runs() {
        synchronized (offered) {
            return !ended;
        }
    }

    /** Runs an action once nobody reads any more: the end was read, or the client has left. */
    void whenOver(Runnable action) {
        var unused = over.thenRun(action);
    }

    /** Ends the answer in place of its turn, which is told that the client has left. */
    void abort(InferenceEvent.Failed failure) {
        if (add(new Offer(failure, null))) {
            left.complete(null);
        }
    }

    /** The client is gone, or has read the end. */
    void leave() {
        boolean early;
        Runnable reader;
        synchronized (offered) {
            early = !ended;
            ended = true;
            closed = true;
            offered.clear();
            reader = waiting;
            waiting = null;
        }
        if (early) {
            left.complete(null);
        }
        first.complete(Optional.empty());
        over.complete(null);
        if (reader != null) {
            reader.run();
        }
    }

    /** All events, to be read once. */
    Source<InferenceEvent, NotUsed> events() {
        return Source.fromGraph(new Events());
    }

    private boolean add(Offer offer) {
        Runnable reader;
        synchronized (offered) {
            if (ended) {
                return false;
            }
            ended = offer.taken() == null;
            steps += ended ? 0 : 1;
            offered.add(offer);
            reader = waiting;
            waiting = null;
        }
        first.complete(Optional.of(offer.event()));
        if (reader != null) {
            reader.run();
        }
        return true;
    }

    /** The next event; if there is none yet, the reader is run once that may have changed. */
    private @Nullable Offer next(Runnable reader) {
        synchronized (offered) {
            Offer next = offered.poll();
            waiting = next == null && !closed ? reader : null;
            return next;
        }
    }

    private boolean nobodyReads() {
        synchronized (offered) {
            return closed;
        }
    }

    private final class Events extends GraphStage<SourceShape<InferenceEvent>> {
        private final Outlet<InferenceEvent> out = Outlet.create("TurnAnswer.out");
        private final SourceShape<InferenceEvent> shape = SourceShape.of(out);

        @Override
        public SourceShape<InferenceEvent> shape() {
            return shape;
        }

        @Override
        public GraphStageLogic createLogic(Attributes attributes) {
            return new Logic();
        }

        private final class Logic extends GraphStageLogic implements Runnable {
            private final AsyncCallback<NotUsed> moved = createAsyncCallback(unused -> move());

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
            public void postStop() {
                leave();
            }

            /** Something was handed over, from whatever thread. */
            @Override
            public void run() {
                moved.invoke(NotUsed.getInstance());
            }

            private void move() {
                if (!isAvailable(out)) {
                    return;
                }
                Offer next = next(this);
                if (next != null) {
                    push(next);
                } else if (nobodyReads()) {
                    completeStage();
                }
            }

            private void push(Offer next) {
                push(out, next.event());
                Runnable taken = next.taken();
                if (taken != null) {
                    taken.run();
                } else {
                    completeStage();
                }
            }
        }
    }
}
