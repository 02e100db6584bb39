package router.placement;

import inference.TurnId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kv.WorkerId;
import router.retention.ToolCallGaps;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.TransferModel;

/**
 * Admits a session to a worker only if it fits beside those that run there <em>and</em> those that will soon be back: with more sessions
 * than memory, few run at a time, each from one tool call to the next with its context, and the others wait.
 *
 * <p>A session that waits for its tools keeps its claim on a worker's memory for as long as that is worth it: a prompt of {@code c} of
 * the worker's {@code M} tokens takes the share {@code c / M} from the sessions that could run there, and its loss takes the worker's
 * time for a prefill, or for a load where a tier below the device catches what it drops. With the chance {@code p(t)} of being back
 * within {@code t}, as learned per session and overall, the claim lasts
 *
 * <pre>
 * argmax over t: p(t) · min(prefill(c), load(c)) - price · c / M · E[min(gap, t)]
 * </pre>
 *
 * <p>A returning session with a claim always goes on. Nobody starves: after the patience has passed, a turn is admitted that fits beside
 * what runs, and claims yield, the first to end first. Every router accounts for its own sessions, and sees the others' running turns only.
 *
 * <p>The rule of the claim's length is that of Continuum and of the progress TTL (see {@code docs/policies.md}), with memory's price in place
 * of a constant. What is kept on the worker is the lease's business; a claim keeps the memory from filling up.
 */
final class RoomForReturn implements PausePolicy {
    static final String NAME = "leases";
    private static final double MILLIS_PER_SECOND = 1000;
    /** The router is not told what tools are called. */
    private static final List<String> ANY_TOOL = List.of("");

    private final PauseSettings settings;
    private final TimingModel timing;
    private final TransferModel transfers;
    private final ToolCallGaps gaps;
    private final Claims claims = new Claims();
    private final Map<TurnId, Running> running = new HashMap<>();

    private record Running(RouteRequest turn, WorkerId worker, EngineFacts facts) {}

    /** @param transfers at the speed of {@code timing} */
    RoomForReturn(PauseSettings settings, TimingModel timing, TransferModel transfers) {
        this.settings = settings;
        this.timing = timing;
        this.transfers = transfers;
        this.gaps = new ToolCallGaps(settings.gapMedianSeconds(), settings.gapLogSpread());
    }

    @Override
    public boolean admits(RouteRequest turn, Room room, Duration waited, long nowNanos) {
        if (expects(turn, room.worker())) {
            return true;
        }
        int running = room.usedBlocks() + room.newBlocks() + answerBlocks(turn);
        int claimed = claimedBlocks(turn, room.worker());
        return running + claimed <= room.facts().deviceBlocks()
                || (room.usedBlocks() == 0 && claimed == 0)
                || waited.compareTo(settings.patience()) > 0;
    }

    @Override
    public int claimedBlocks(RouteRequest turn, WorkerId worker) {
        return claims.blocksBeside(turn.blocks(), worker);
    }

    @Override
    public boolean expects(RouteRequest turn, WorkerId worker) {
        return claims.claims(claims.find(turn.affinity(), turn.blocks()), worker);
    }

    @Override
    public void arrived(RouteRequest turn, long nowNanos) {
        Claims.Away away = claims.find(turn.affinity(), turn.blocks());
        if (away != null && claims.isBack(away, nowNanos + settings.patience().toNanos())) {
            gaps.observe(name(turn), ANY_TOOL, Duration.ofNanos(Math.max(0, nowNanos - away.sinceNanos())));
        }
    }

    @Override
    public void placed(RouteRequest turn, Room room, long nowNanos) {
        Claims.Away away = claims.find(turn.affinity(), turn.blocks());
        if (away != null) {
            claims.remove(turn.affinity(), away);
        }
        running.put(turn.turn(), new Running(turn, room.worker(), room.facts()));
        claims.shrink(room.worker(), Math.max(0, room.facts().deviceBlocks() - room.usedBlocks() - room.newBlocks()));
    }

    @Override
    public void ended(TurnId turn, boolean callsTools, long nowNanos) {
        Running run = running.remove(turn);
        if (run != null && callsTools) {
            RouteRequest request = run.turn();
            Duration time = worthKeeping(request, run.facts());
            claims.add(request.affinity(), request.blocks(), run.worker(), nowNanos, nowNanos + time.toNanos());
        }
    }

    private Duration worthKeeping(RouteRequest turn, EngineFacts facts) {
        double share = (double) turn.inputTokens() / facts.deviceBlocks() / facts.blockSizeTokens();
        double prefill = timing.passMillis() + timing.prefillMillis(turn.inputTokens(), 0);
        double reload =
                transfers.reloadMillis(turn.inputTokens(), facts.capabilities().tiers());
        return gaps.predict(name(turn), ANY_TOOL)
                .worthHolding(Math.min(prefill, reload), settings.memoryPrice() * share * MILLIS_PER_SECOND);
    }

    @Override
    public boolean tick(long nowNanos) {
        return claims.expire(nowNanos);
    }

    private static int answerBlocks(RouteRequest turn) {
        int size = turn.blocks().blockSizeTokens();
        return (turn.expectedOutputTokens() + size - 1) / size;
    }

    private static String name(RouteRequest turn) {
        return Long.toString(turn.affinity());
    }
}
