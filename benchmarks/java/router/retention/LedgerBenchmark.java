package router.retention;

import com.fasterxml.jackson.core.JsonProcessingException;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import kv.KvTier;
import kv.RetentionClass;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What a keeper's ledger computes: the three operations that a turn costs it, each decided and applied, with and without the
 * journal's JSON, and the look at all leases once per tick. Storing and sending are not in it.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LedgerBenchmark {
    private static final Duration LEASE = Duration.ofMinutes(10);

    /** A keeper's ledger with a lease per session, all held. */
    @State(Scope.Thread)
    public static class Keeper {
        @Param({"100", "1000"})
        public int leases;

        private final Ledgers ledgers = new Ledgers(Ledgers.SETTINGS).up(Ledgers.A, 1, Ledgers.HOLDS);
        private long turns;

        /** A turn in each session. */
        @Setup
        public void fill() {
            for (int session = 0; session < leases; session++) {
                begin(session);
            }
        }

        /** A session's next turn is over: it leases its longer prompt, the lease before ends, its worker holds. */
        List<LedgerEvent> turn() {
            ledgers.events.clear();
            ledgers.orders.clear();
            long session = turns % leases;
            Lease before = ledgers.book.lease(Ledgers.id(turns - leases)).orElseThrow();
            begin(session);
            ledgers.end(before.id().low(), EndReason.OWNER);
            ledgers.open.forget(before);
            return ledgers.events;
        }

        private void begin(long session) {
            SessionId id = new SessionId("session-" + session);
            LeaseTerms terms = new LeaseTerms(
                    Ledgers.id(turns),
                    TenantId.DEFAULT,
                    id,
                    id,
                    "m",
                    Ledgers.prefix((int) (1 + turns % 100)),
                    16,
                    1024,
                    RetentionClass.HISTORY,
                    50,
                    1,
                    1,
                    List.of(KvTier.DEVICE),
                    Ledgers.conversation(),
                    Ledgers.A);
            ledgers.grant(terms, LEASE);
            ledgers.answer(Ledgers.A, 1, Step.Kind.HOLD, turns, Ledgers.ACCEPTED);
            turns++;
        }
    }

    @Benchmark
    public Object turn(Keeper keeper) {
        return keeper.turn();
    }

    @Benchmark
    public void turnWithJson(Keeper keeper, Blackhole journal) throws JsonProcessingException {
        for (LedgerEvent event : keeper.turn()) {
            journal.consume(LedgerJsonTest.MAPPER.writeValueAsBytes(event));
        }
    }

    @Benchmark
    public Object tick(Keeper keeper) {
        return keeper.ledgers.tick(Duration.ZERO);
    }
}
