package router;

import akka.actor.typed.RecipientRef;
import java.time.InstantSource;
import java.util.function.Function;
import java.util.function.Supplier;
import kv.LedgerId;
import kv.WorkerId;
import metrics.Metrics;
import router.retention.LiveWorkers;
import workers.Worker;

/**
 * What lease keepers need from outside.
 *
 * <p>Thread-safety: all parts are safe for concurrent use.
 *
 * @param workers workers by name
 * @param live the workers as this node sees them
 * @param names draws a name for a ledger that begins
 */
public record KeeperPorts(
        Function<WorkerId, ? extends RecipientRef<Worker.Command>> workers,
        Supplier<LiveWorkers> live,
        Supplier<LedgerId> names,
        Metrics metrics,
        InstantSource clock) {}
