package frontend;

import akka.http.javadsl.model.HttpRequest;
import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;

/**
 * Watches one connection while its request is being answered, and gives each request its {@link ClientConnection}.
 *
 * <p>A server that reads nothing during an answer learns of a client's end only by failing to write, which a long prefill
 * or an answer sent in one piece never does. This stage always asks for the next request, so that the end of the client's
 * stream is seen at once. Like most servers it takes that end for the client's departure, although HTTP would let a client
 * close its half and go on reading.
 */
final class ConnectionWatch extends GraphStage<FlowShape<HttpRequest, HttpRequest>> {
    private final Inlet<HttpRequest> in = Inlet.create("ConnectionWatch.in");
    private final Outlet<HttpRequest> out = Outlet.create("ConnectionWatch.out");
    private final FlowShape<HttpRequest, HttpRequest> shape = FlowShape.of(in, out);

    @Override
    public FlowShape<HttpRequest, HttpRequest> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private final class Logic extends GraphStageLogic {
        private ClientConnection answered = new ClientConnection();
        private @Nullable HttpRequest next;

        Logic() {
            super(shape);
            setHandler(in, new Requests());
            setHandler(out, new Answers());
        }

        @Override
        public void preStart() {
            pull(in);
        }

        @Override
        public void postStop() {
            answered.lost();
        }

        private void emit(HttpRequest request) {
            next = null;
            answered = new ClientConnection();
            push(out, answered.attachedTo(request));
            if (isClosed(in)) {
                completeStage();
            } else {
                pull(in);
            }
        }

        private final class Requests extends AbstractInHandler {
            @Override
            public void onPush() {
                HttpRequest request = grab(in);
                if (isAvailable(out)) {
                    emit(request);
                } else {
                    next = request;
                }
            }

            @Override
            public void onUpstreamFinish() {
                answered.lost();
                if (next == null) {
                    completeStage();
                }
            }
        }

        private final class Answers extends AbstractOutHandler {
            @Override
            public void onPull() {
                HttpRequest request = next;
                if (request != null) {
                    emit(request);
                }
            }
        }
    }
}
