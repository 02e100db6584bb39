package workers;

import akka.actor.typed.ActorRef;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import kv.Incarnation;
import kv.KvEvent;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** The routers that follow a worker, each with what it still has to be told. Mutable, not thread safe. */
final class Subscribers {
    private final WorkerSettings settings;
    private final Consumer<UpdateStream> begin;
    private final Map<ActorRef<WorkerUpdate>, UpdateStream> streams = new HashMap<>();

    /** @param begin tells a stream all there is to know */
    Subscribers(WorkerSettings settings, Consumer<UpdateStream> begin) {
        this.settings = settings;
        this.begin = begin;
    }

    /** Adds a router or starts it over; true when it is a new one. */
    boolean attach(ActorRef<WorkerUpdate> router) {
        boolean fresh = streams.put(router, new UpdateStream(router::tell, settings)) == null;
        begin.accept(Objects.requireNonNull(streams.get(router)));
        return fresh;
    }

    void remove(ActorRef<WorkerUpdate> router) {
        streams.remove(router);
    }

    void acknowledge(Worker.AckUpdates ack) {
        UpdateStream stream = streams.get(ack.subscriber());
        if (stream != null) {
            stream.acknowledge(ack.number());
            if (stream.wantsSnapshot()) {
                begin.accept(stream);
            }
        }
    }

    /** Starts all over. */
    void begin() {
        streams.values().forEach(begin);
    }

    void blocks(Incarnation incarnation, int rank, List<KvEvent> events) {
        streams.values().forEach(stream -> stream.blocks(incarnation, rank, events));
    }

    void load(WorkerState state, WorkerLoad load) {
        streams.values().forEach(stream -> stream.load(state, load));
    }
}
