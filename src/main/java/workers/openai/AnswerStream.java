package workers.openai;

import akka.actor.ActorSystem;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.Attributes;
import akka.stream.Outlet;
import akka.stream.SourceShape;
import akka.stream.javadsl.Sink;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import akka.util.ByteString;
import inference.InferenceEvent;
import inference.InferenceFailure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The events of one streamed answer, up to its terminal one. The request is sent when the source is materialised; who cancels it
 * before its end aborts the request. One stage instead of a chain of operators: it is set up for every turn, before its first token.
 *
 * <p>An answer's bytes may end a moment after its terminal event. They are read to their end even if nobody listens any more,
 * so that the connection can serve the next request.
 */
final class AnswerStream extends GraphStage<SourceShape<InferenceEvent>> {
    private static final int ERROR_BYTES = 64 * 1024;
    /** For the end of a body whose last event came. */
    private static final Duration LINGER = Duration.ofMillis(500);
    /** Looks at an answer within the longest silence that it may have. */
    private static final int LOOKS = 8;

    private enum Timer {
        SILENCE,
        LINGER
    }

    private final Outlet<InferenceEvent> out = Outlet.create("AnswerStream.out");
    private final SourceShape<InferenceEvent> shape = SourceShape.of(out);
    private final ActorSystem system;
    private final EngineConnections connections;
    private final HttpRequest request;
    private final Duration longestSilence;
    private final Supplier<AnswerReader> readers;

    AnswerStream(
            ActorSystem system,
            EngineConnections connections,
            HttpRequest request,
            Duration longestSilence,
            Supplier<AnswerReader> readers) {
        this.system = system;
        this.connections = connections;
        this.request = request;
        this.longestSilence = longestSilence;
        this.readers = readers;
    }

    @Override
    public SourceShape<InferenceEvent> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private final class Logic extends TimerGraphStageLogic {
        private final AnswerReader reader = readers.get();
        private final Deque<InferenceEvent> ready = new ArrayDeque<>();
        private @Nullable EngineConnection connection;
        private @Nullable SubSinkInlet<ByteString> body;
        private boolean terminal;
        private boolean over;
        private int silentLooks;

        Logic() {
            super(shape);
            setHandler(out, new Listener());
        }

        @Override
        public void preStart() {
            AsyncCallback<HttpResponse> answered = createAsyncCallback(this::answered);
            AsyncCallback<Throwable> broken = createAsyncCallback(this::broken);
            EngineConnection taken = connections.take();
            connection = taken;
            taken.ask(request).whenComplete((response, failure) -> {
                if (failure == null) {
                    answered.invoke(response);
                } else {
                    broken.invoke(failure);
                }
            });
            Duration look = longestSilence.dividedBy(LOOKS);
            scheduleWithFixedDelay(Timer.SILENCE, look, look);
        }

        @Override
        public void postStop() {
            if (connection != null) {
                connection.abort();
            }
        }

        private void answered(HttpResponse response) {
            silentLooks = 0;
            if (response.status().isSuccess()) {
                SubSinkInlet<ByteString> bytes = new SubSinkInlet<>("AnswerStream.body");
                body = bytes;
                bytes.setHandler(new Body(bytes));
                response.entity()
                        .withoutSizeLimit()
                        .getDataBytes()
                        .runWith(Sink.fromGraph(bytes.sink()), subFusingMaterializer());
                move();
            } else {
                refused(response);
            }
        }

        private void refused(HttpResponse response) {
            String retryAfter = header(response, "Retry-After");
            String date = header(response, "Date");
            int status = response.status().intValue();
            AsyncCallback<InferenceFailure> read =
                    createAsyncCallback(failure -> ended(reader.read(new AnswerFrame.Refused(failure))));
            AsyncCallback<Throwable> broken = createAsyncCallback(this::broken);
            EngineHttp.text(response, ERROR_BYTES, longestSilence, system).whenComplete((text, failure) -> {
                if (failure == null) {
                    read.invoke(ErrorBody.read(status, text, retryAfter, date));
                } else {
                    broken.invoke(failure);
                }
            });
        }

        private static String header(HttpResponse response, String name) {
            return response.getHeader(name).map(HttpHeader::value).orElse("");
        }

        private void broken(Throwable cause) {
            if (connection != null) {
                connection.abort();
            }
            connection = null;
            over(reader.read(new AnswerFrame.Broken(cause)));
        }

        /** The whole body is read: the connection is free. */
        private void ended(List<InferenceEvent> last) {
            if (connection != null) {
                connections.giveBack(connection);
            }
            connection = null;
            over(last);
        }

        private void over(List<InferenceEvent> last) {
            over = true;
            body = null;
            cancelTimer(Timer.SILENCE);
            took(last);
        }

        private void took(List<InferenceEvent> events) {
            for (InferenceEvent event : events) {
                ready.add(event);
                terminal = terminal || event.terminal();
            }
            move();
        }

        /** Hands out what is read, and reads on when more is wanted. */
        private void move() {
            if (isAvailable(out) && !ready.isEmpty()) {
                push(out, ready.remove());
            }
            if (over && (isClosed(out) || ready.isEmpty())) {
                completeStage();
            } else if (terminal && ready.isEmpty() && !isClosed(out)) {
                linger();
                complete(out);
            }
            boolean wanted = isClosed(out) || (isAvailable(out) && ready.isEmpty());
            if (body != null && wanted && !body.isClosed() && !body.hasBeenPulled()) {
                body.pull();
            }
        }

        private void linger() {
            setKeepGoing(true);
            cancelTimer(Timer.SILENCE);
            scheduleOnce(Timer.LINGER, LINGER);
        }

        @Override
        public void onTimer(Object timer) {
            boolean waiting = body == null || body.hasBeenPulled();
            if (timer == Timer.LINGER) {
                completeStage();
            } else if (!waiting) {
                silentLooks = 0;
            } else if (++silentLooks >= LOOKS) {
                broken(new TimeoutException());
            }
        }

        private final class Body extends AbstractInHandler {
            private final SubSinkInlet<ByteString> bytes;

            Body(SubSinkInlet<ByteString> bytes) {
                this.bytes = bytes;
            }

            @Override
            public void onPush() {
                silentLooks = 0;
                took(reader.read(new AnswerFrame.Piece(bytes.grab())));
            }

            @Override
            public void onUpstreamFinish() {
                ended(reader.read(new AnswerFrame.End()));
            }

            @Override
            public void onUpstreamFailure(Throwable cause) {
                broken(cause);
            }
        }

        private final class Listener extends AbstractOutHandler {
            @Override
            public void onPull() {
                move();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
                ready.clear();
                if (terminal && !over) {
                    linger();
                    move();
                } else {
                    completeStage();
                }
            }
        }
    }
}
