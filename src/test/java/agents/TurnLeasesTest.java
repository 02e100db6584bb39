package agents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Checkpoint;
import agents.session.Conversation;
import agents.session.TurnOutcome;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.stream.testkit.TestSubscriber;
import inference.InferenceEvent;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.StoredCopy;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import router.LeaseKeeper;
import router.placement.KeptPrefix;
import router.retention.Lease;
import router.retention.LeaseTerms;
import router.retention.Step;
import workers.Worker;

/** What a turn does with what is kept of its session. */
class TurnLeasesTest extends TurnFixture {
    private static final StoredCopy SHORT = new StoredCopy("short", 10, 16, "m");
    private static final StoredCopy LONG = new StoredCopy("long", 20, 32, "m");

    /** A lease on the prompt of some messages, with a stored copy. */
    private static Lease lease(long id, StoredCopy copy, String... spelled) {
        Checkpoint tip = Conversation.outline(spelled).tip();
        LeaseTerms terms = new LeaseTerms(
                new LeaseId(0, id),
                TenantId.DEFAULT,
                REQUEST.session().id(),
                REQUEST.session().id(),
                REQUEST.model(),
                new Prefix(tip.blocks(), Objects.requireNonNull(tip.tail())),
                Conversation.BLOCK,
                1024,
                RetentionClass.HISTORY,
                50,
                1,
                2,
                List.of(KvTier.DEVICE, KvTier.REMOTE),
                null,
                FIRST);
        Step written = new Step(Step.Kind.COPY, FIRST, new Incarnation(1, 1), new Receipt.Accepted(), null, copy, null);
        return new Lease(
                terms, Instant.EPOCH, Instant.EPOCH.plusSeconds(60), 0, true, List.of(written), null, List.of());
    }

    /** What the router is told of the session's leases. */
    private KeptPrefix kept() {
        return placeOn(SECOND).kept();
    }

    @Test
    void theRouterIsToldOfHoldersAndCopiesOfThePromptsBeginnings() {
        leases = List.of(
                lease(1, SHORT, "s:Be brief."),
                lease(2, LONG, "s:Be brief.", "u:hello"),
                lease(3, new StoredCopy("other", 30, 48, "m"), "s:Be brief.", "u:something else that is quite long"));
        run(REQUEST);
        KeptPrefix kept = kept();
        assertEquals(
                List.of(SHORT, LONG),
                kept.copies().stream().map(KeptPrefix.Copied::copy).toList());
        assertTrue(kept.copies().get(0).blocks() < kept.copies().get(1).blocks());
    }

    @Test
    void aTurnBringsTheWorkerTheCopyThatTheRouterChose() {
        run(REQUEST);
        placeOn(SECOND, LONG);
        assertEquals(
                LONG,
                workerAt(SECOND).expectMessageClass(Worker.AdmitTurn.class).source());
    }

    @Test
    void aKeeperThatDoesNotAnswerCostsATurnItsCopyAndNoMore() {
        TestProbe<LeaseKeeper.Command> silent = kit.createTestProbe();
        keeper = silent.getRef();
        run(REQUEST);
        silent.expectMessageClass(LeaseKeeper.Resume.class);
        state();
        router.expectNoMessage(Duration.ZERO);

        passes(SETTINGS.leaseTimeout());

        assertEquals(KeptPrefix.NOTHING, kept());
        assertTrue(metrics.scrape().contains("holdfast_leases_asks_lapsed_total 1.0"), metrics::scrape);
    }

    @Test
    void aKeeperThatAnswersIsNotCounted() {
        run(REQUEST);
        kept();
        assertFalse(metrics.scrape().contains("holdfast_leases_asks_lapsed_total"), metrics::scrape);
    }

    /** Repeated, because the session's reply must come first for this to say anything, and nothing tells when it has. */
    @RepeatedTest(20)
    void aTurnWhoseClientLeftBeforeTheKeeperAnsweredIsNotPlaced() {
        TestProbe<LeaseKeeper.Command> slow = kit.createTestProbe();
        keeper = slow.getRef();
        TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, sessionProbe.getRef(), this::engine);
        LeaseKeeper.Resume resume = slow.expectMessageClass(LeaseKeeper.Resume.class);
        begun();

        client.cancel();
        AgentSession.CompleteTurn complete = sessionProbe.expectMessageClass(AgentSession.CompleteTurn.class);
        resume.replyTo().tell(new LeaseKeeper.Resumed(List.of(), true));
        complete.replyTo().tell(new AgentSession.TurnRecorded());

        ends(TurnOutcome.CANCELLED);
        router.expectNoMessage(Duration.ZERO);
    }
}
