package workers;

import akka.actor.typed.javadsl.TimerScheduler;
import inference.TurnId;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import metrics.Metric;
import workers.status.EngineFacts;

/**
 * Where a worker answers turns: lets them in, finds them a place, and lets those go that give no sign of life.
 *
 * <p>Mutable, confined to its worker.
 */
final class AdmissionDesk {
    private final WorkerPorts ports;
    private final Duration validFor;
    private final TimerScheduler<Worker.Command> timers;
    private final Function<TurnId, Worker.Command> lapsed;
    private final Admissions admissions;
    private final EngineLife life;
    private final EngineCache cache;
    private final HoldCommands holds;
    private final SeatedTurns seats;
    private final WorkerView view;

    /**
     * The desk of a worker.
     *
     * @param validFor how long a turn may be silent
     * @param lapsed what the worker is told of one that was silent for longer
     */
    AdmissionDesk(
            WorkerPorts ports,
            Duration validFor,
            TimerScheduler<Worker.Command> timers,
            Function<TurnId, Worker.Command> lapsed,
            Admissions admissions,
            EngineLife life,
            EngineCache cache,
            HoldCommands holds,
            SeatedTurns seats,
            WorkerView view) {
        this.ports = ports;
        this.validFor = validFor;
        this.timers = timers;
        this.lapsed = lapsed;
        this.admissions = admissions;
        this.life = life;
        this.cache = cache;
        this.holds = holds;
        this.seats = seats;
        this.view = view;
    }

    /** Admits a turn, for which holds yield, or refuses it; an admitted one is answered when its place is ready. */
    void admit(Worker.AdmitTurn admit) {
        Optional<AdmitReply.RefusalReason> refusal = admissions
                .admit(
                        admit.turn(),
                        admit.inputTokens(),
                        admit.expectedOutputTokens(),
                        holds.heldPart(admit.cached()),
                        life.state(),
                        life.facts())
                .or(() -> seat(admit));
        ports.metrics().count(Metric.ADMISSIONS, refusal.map(Enum::name).orElse("ADMITTED"));
        if (refusal.isPresent()) {
            EngineFacts facts = life.facts();
            int longestPrompt = facts == null ? 0 : facts.longestPrompt();
            admit.replyTo().tell(new AdmitReply.Refused(refusal.get(), view.load(), longestPrompt));
        } else {
            expectSignOfLife(admit.turn());
            holds.yieldTo(Math.max(0, view.load().deviceBlocksTotal() - admissions.freshBlocks()));
        }
    }

    private Optional<AdmitReply.RefusalReason> seat(Worker.AdmitTurn admit) {
        boolean seated = seats.seat(
                admit, place -> admit.replyTo().tell(new AdmitReply.Admitted(cache.incarnation(), validFor, place)));
        if (!seated) {
            admissions.end(admit.turn());
        }
        return seated ? Optional.empty() : Optional.of(AdmitReply.RefusalReason.FULL);
    }

    /** A turn lives, perhaps admitted by a predecessor of this worker. */
    void renew(TurnId turn) {
        admissions.adopt(turn);
        expectSignOfLife(turn);
    }

    /** A turn is over; false when it was not admitted. */
    boolean end(TurnId turn) {
        timers.cancel(turn);
        seats.leave(turn);
        return admissions.end(turn);
    }

    private void expectSignOfLife(TurnId turn) {
        timers.startSingleTimer(turn, lapsed.apply(turn), validFor);
    }
}
