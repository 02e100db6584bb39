package agents;

import akka.stream.javadsl.SinkQueueWithCancel;
import inference.InferenceEvent;
import inference.TurnId;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.Router;
import workers.Worker;

/**
 * What a turn holds in the cluster: the router's reservation, a worker's admission, an engine's stream. Everything is given
 * up by {@link #letGo}, which may be repeated and may come before anything is held.
 *
 * <p>Thread-safety: confined to its turn.
 */
final class HeldPlace {
    private final TurnId turn;
    private final TurnPorts ports;
    private @Nullable WorkerId worker;
    private @Nullable SinkQueueWithCancel<InferenceEvent> stream;

    HeldPlace(TurnId turn, TurnPorts ports) {
        this.turn = turn;
        this.ports = ports;
    }

    /** The router proposes a worker, whose admission is asked for. */
    void proposed(WorkerId proposal) {
        worker = proposal;
    }

    /** The worker refused: nothing is held there, and the router is told why. */
    void refused(Worker.AdmissionRefused refusal) {
        if (worker != null) {
            ports.router().tell(new Router.Refused(turn, worker, refusal.load()));
            worker = null;
        }
    }

    /** The engine's stream is open. */
    void opened(SinkQueueWithCancel<InferenceEvent> answer) {
        stream = answer;
    }

    @Nullable
    WorkerId worker() {
        return worker;
    }

    @Nullable
    SinkQueueWithCancel<InferenceEvent> stream() {
        return stream;
    }

    void renew() {
        tellWorker(new Worker.RenewAdmission(turn));
    }

    /** Makes the worker look after its engine. */
    void reportFailure(String reason) {
        tellWorker(new Worker.ReportFailure(reason));
    }

    void firstToken() {
        ports.router().tell(new Router.FirstToken(turn));
    }

    void letGo() {
        if (stream != null) {
            stream.cancel();
            stream = null;
        }
        tellWorker(new Worker.EndTurn(turn));
        worker = null;
        ports.router().tell(new Router.Release(turn));
    }

    private void tellWorker(Worker.Command message) {
        if (worker != null) {
            ports.workers().apply(worker).tell(message);
        }
    }
}
