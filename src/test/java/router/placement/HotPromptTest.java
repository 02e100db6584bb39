package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import cluster.RouterConfig;
import com.typesafe.config.ConfigFactory;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import kv.CacheOwner;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.Prefix;
import kv.PromptBlocks;
import kv.Receipt;
import kv.RetentionClass;
import kv.SequenceHash;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import router.retention.Holder;
import router.retention.LeaseBook;
import router.retention.LeaseTerms;
import router.retention.Ledgers;
import router.retention.LiveWorker;
import router.retention.LiveWorkers;
import router.retention.Receipts;
import router.retention.RetentionLedger;
import router.retention.SharedLeases;
import router.retention.Step;
import router.retention.WorkerAnswer;
import router.retention.WorkerOrder;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * Many sessions that begin with one system prompt, which at first one worker has: placement spreads them, and the prompt's lease
 * follows. Workers prefill one turn after the other and decode for a moment, in virtual time.
 */
class HotPromptTest {
    private static final int WORKERS = 4;
    private static final int SESSIONS = 64;
    /** Sessions begin in waves, a second apart. */
    private static final int WAVE = 16;

    private static final int TURNS = 3;
    private static final int BLOCK = 64;
    private static final int SYSTEM = 100;
    /** Blocks that each turn adds to its session's prompt. */
    private static final int OWN = 10;

    private static final long DECODE_NANOS = Duration.ofMillis(300).toNanos();
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long GAP_NANOS = 5 * SECOND;
    private static final TimingModel TIMING = TimingModel.MEASURED;
    private static final Incarnation LIFE = new Incarnation(1, 1);
    private static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), BLOCK, 20_000, 8192, 64, 200_000, new EngineCapabilities(true, null, 0));

    private record Event(long nanos, long order, Runnable action) {}

    private final NaiveIndex index = new NaiveIndex();
    private final Placer placer =
            new Placer(index, RouterConfig.placement(ConfigFactory.load()).with("joint", "none", 1, TIMING));
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::nanos).thenComparingLong(Event::order));
    private final Map<WorkerId, Long> prefilledNanos = new HashMap<>();
    private final Map<WorkerId, Integer> turns = new TreeMap<>();
    private final Map<TurnId, Consumer<Placement>> waiting = new HashMap<>();
    private final LeaseBook book = new LeaseBook(Ledgers.SETTINGS);
    private final RetentionLedger ledger = new RetentionLedger(Ledgers.SETTINGS);
    private final SharedLeases leases = new SharedLeases(ledger, Ledgers.SETTINGS);
    private LiveWorkers live = LiveWorkers.UNKNOWN.complete();
    private long nowNanos;
    private long scheduled;

    @Test
    void itDragsNoLoadToOneWorkerAndIsHeldWhereItsSessionsRun() {
        book.apply(ledger.begin(book, Ledgers.NAME, now()));
        for (int i = 0; i < WORKERS; i++) {
            WorkerId worker = new WorkerId("http://" + i);
            placer.join(worker, LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(FACTS.deviceBlocks()));
            live = live.with(
                    new LiveWorker(worker, LIFE, WorkerState.READY, FACTS, WorkerLoad.idle(FACTS.deviceBlocks())));
        }
        stored(new WorkerId("http://0"), prompt(0, 0));
        for (int session = 0; session < SESSIONS; session++) {
            int number = session;
            at(session / WAVE * SECOND, () -> arrive(number, 1, null));
        }
        run();

        int all = turns.values().stream().mapToInt(Integer::intValue).sum();
        assertEquals(SESSIONS * TURNS, all);
        assertTrue(
                Collections.max(turns.values()) <= mostOfOne() * TURNS,
                () -> turns + " turns, not more than " + mostOfOne() * TURNS + " on one worker");
        Set<WorkerId> holders = book.leases().iterator().next().holders().stream()
                .map(Holder::worker)
                .collect(Collectors.toSet());
        assertEquals(turns.keySet(), holders);
        assertEquals(WORKERS, holders.size());
    }

    /**
     * Sessions of one worker: its share, and as many more as it serves while another computes the prompt for the first time. Once that
     * has it, too, nothing but their queues tells them apart, and sessions go back to where their own part is.
     */
    private static int mostOfOne() {
        double whole = prefillMillis((SYSTEM + OWN) * BLOCK, 0);
        double own = prefillMillis(OWN * BLOCK, SYSTEM * BLOCK);
        return SESSIONS / WORKERS + (int) Math.ceil(whole / own);
    }

    private void arrive(int session, int turn, @Nullable WorkerId last) {
        TurnId id = new TurnId(session + "/" + turn);
        PromptBlocks prompt = prompt(session, turn);
        waiting.put(id, placement -> begin(id, prompt, placement, session, turn));
        RouteRequest request = new RouteRequest(
                id,
                "m",
                session,
                prompt,
                prompt.tokens(),
                20,
                0,
                0,
                last,
                last == null ? 0 : prompt.size() - OWN,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
        decided(id, placer.route(request, nowNanos, nowNanos));
    }

    private void decided(TurnId turn, Decision decision) {
        if (decision instanceof Decision.Placed placed) {
            Objects.requireNonNull(waiting.remove(turn)).accept(placed.placement());
        }
    }

    private void begin(TurnId id, PromptBlocks prompt, Placement placement, int session, int turn) {
        WorkerId worker = placement.worker();
        turns.merge(worker, 1, Integer::sum);
        int cached = placement.expectedCachedTokens();
        long millis = (long) prefillMillis(prompt.tokens() - cached, cached);
        long done = Math.max(nowNanos, prefilledNanos.getOrDefault(worker, 0L))
                + Duration.ofMillis(millis).toNanos();
        prefilledNanos.put(worker, done);
        at(done, () -> {
            placer.firstToken(id, nowNanos);
            stored(worker, prompt);
        });
        at(done + DECODE_NANOS, () -> {
            placer.release(id, true, nowNanos);
            lease(worker, session);
            if (turn < TURNS) {
                at(nowNanos + GAP_NANOS + session * SECOND / SESSIONS, () -> arrive(session, turn + 1, worker));
            }
        });
    }

    private void lease(WorkerId worker, int session) {
        LeaseTerms terms = new LeaseTerms(
                Ledgers.id(1),
                TenantId.DEFAULT,
                Ledgers.ROOT,
                Ledgers.ROOT,
                "m",
                new Prefix(SYSTEM, new SequenceHash(SYSTEM)),
                BLOCK,
                1024,
                RetentionClass.SYSTEM,
                70,
                1,
                1,
                List.of(KvTier.DEVICE),
                Ledgers.conversation(),
                worker);
        Duration wanted = Duration.ofMinutes(10);
        run(leases.join(book, terms, new SessionId("s" + session), wanted, live, now())
                .decision());
    }

    private void run(RetentionLedger.Decision decision) {
        decision.events().forEach(book::apply);
        for (WorkerOrder order : decision.orders()) {
            WorkerOrder.PlaceHold place = (WorkerOrder.PlaceHold) order;
            WorkerAnswer answer = new WorkerAnswer(
                    place.worker(),
                    place.hold().lease(),
                    place.hold().epoch(),
                    LIFE,
                    Step.Kind.HOLD,
                    1,
                    new Receipt.Accepted(),
                    null);
            run(new Receipts(Ledgers.SETTINGS)
                    .answered(book, answer, now().plus(place.hold().remaining()), live, now()));
        }
    }

    private void run() {
        for (Event next = events.poll(); next != null; next = events.poll()) {
            nowNanos = next.nanos();
            next.action().run();
            placer.drain(nowNanos).forEach(resolved -> decided(resolved.turn(), resolved.decision()));
            placer.nextDrainNanos(nowNanos).ifPresent(due -> at(Math.max(due, nowNanos + 1), () -> {}));
        }
    }

    private void at(long nanos, Runnable action) {
        events.add(new Event(nanos, scheduled++, action));
    }

    private Instant now() {
        return Ledgers.START.plusNanos(nowNanos);
    }

    private void stored(WorkerId worker, PromptBlocks prompt) {
        index.apply(new CacheOwner(worker, LIFE, 0), KvEvent.BlocksStored.atRoot(prompt.toArray(), KvTier.DEVICE));
    }

    /** The system prompt and what so many turns of a session have added to it. */
    private static PromptBlocks prompt(int session, int turns) {
        return PromptBlocks.of(
                BLOCK,
                LongStream.concat(
                                LongStream.rangeClosed(1, SYSTEM),
                                LongStream.range(0, (long) OWN * turns).map(i -> 1_000_000L * (session + 1) + i))
                        .toArray());
    }

    private static double prefillMillis(int tokens, int cached) {
        return TIMING.passMillis() + TIMING.prefillMillis(tokens, cached);
    }
}
