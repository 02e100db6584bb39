package workers;

import inference.TurnId;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import kv.StoredCopy;
import workers.seats.SeatChange;
import workers.seats.SeatTable;
import workers.seats.Taken;
import workers.status.EngineFacts;

/**
 * Turns' places in an engine of private slots; one without has room for all.
 *
 * <p>Mutable, confined to its worker.
 */
final class SeatedTurns {
    private final EngineClient engine;
    private final EngineCache cache;
    private final HoldCommands holds;
    private final Outcomes outcomes;
    private final Consumer<List<SeatChange>> changed;
    private final Set<String> loading = new HashSet<>();

    /** @param changed told what seats hold from now on */
    SeatedTurns(
            EngineClient engine,
            EngineCache cache,
            HoldCommands holds,
            Outcomes outcomes,
            Consumer<List<SeatChange>> changed) {
        this.engine = engine;
        this.cache = cache;
        this.holds = holds;
        this.outcomes = outcomes;
        this.changed = changed;
    }

    /**
     * Finds an admitted turn its place; false when every seat is taken. The turn is answered once its place is ready: a copy that it
     * brings is loaded first, in place of whatever the seat holds. A copy that cannot be loaded costs a prefill, no more.
     */
    boolean seat(Worker.AdmitTurn admit, Consumer<AdmitReply.Placed> ready) {
        if (table().seats() == 0) {
            ready.accept(new AdmitReply.Placed(Seat.ANY, 0));
            return true;
        }
        String user = user(admit.turn());
        if (loading.contains(user)) {
            return true; // its copy is being loaded: the first request is answered, this one was a repetition
        }
        Optional<Taken> place = table().take(user, admit.cached(), holds.holds(), true);
        place.ifPresent(taken -> {
            changed.accept(taken.changes());
            Seat seat = new Seat(taken.seat());
            StoredCopy source = admit.source();
            if (source == null) {
                ready.accept(new AdmitReply.Placed(seat, taken.keptBlocks()));
                return;
            }
            changed.accept(table().emptied(user));
            loading.add(user);
            outcomes.await(() -> engine.load(source, seat), (receipt, failure) -> {
                if (loading.remove(user)) {
                    ready.accept(new AdmitReply.Placed(seat, 0));
                } else {
                    table().free(user);
                }
            });
        });
        return place.isPresent();
    }

    /** A turn's prompt, or part of it, has been computed where it sits. */
    void filled(Worker.SeatFilled filled) {
        changed.accept(table().filled(user(filled.turn()), filled.from(), filled.hashes()));
    }

    /** A turn is over. One whose copy is still being loaded keeps its seat until that is done. */
    void leave(TurnId turn) {
        if (!loading.remove(user(turn))) {
            table().free(user(turn));
        }
    }

    /** The engine said how many seats it has. */
    void probed(EngineFacts facts) {
        int seats = facts.capabilities().privateSlots();
        if (seats != table().seats()) {
            cache.mirror().furnish(seats);
        }
    }

    private SeatTable table() {
        return cache.mirror().seats();
    }

    private static String user(TurnId turn) {
        return "turn " + turn.value();
    }
}
