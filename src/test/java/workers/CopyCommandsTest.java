package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.TestProbe;
import inference.ConversationRef;
import inference.PromptFingerprint;
import inference.TenantId;
import inference.TurnId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import kv.Epoch;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.Receipt;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.status.WorkerState;

/** R6: a copy that finds no room keeps no session from its blocks. */
class CopyCommandsTest extends HoldFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    private static final Prefix PREFIX = new Prefix(2, new SequenceHash(102));
    private static final Receipt NO_ROOM = new Receipt.Rejected(Receipt.Reason.BUDGET);

    private final TestProbe<AdmitReply> admissions = kit.kit().createTestProbe();
    private final CompletableFuture<Boolean> room = new CompletableFuture<>();

    CopyCommandsTest() {
        super(kit);
    }

    @Override
    @BeforeEach
    void start() {
        engine.answers(ScriptedEngine.COPYING, 1000, 0, 0);
        engine.answersRoom(room);
        worker = spawn();
        await(() -> assertEquals(WorkerState.READY, status().state()));
        TurnId first = new TurnId("first");
        admit(first, null);
        worker.tell(new Worker.SeatFilled(first, 0, new long[] {101, 102}));
        worker.tell(new Worker.EndTurn(first));
        engine.orders.clear(); // what it was told as it was met
    }

    @Test
    void whetherThereIsRoomIsSeenBeforeTheSeatIsTakenAndWarmed() {
        copy(new Epoch(1));

        assertEquals(2, admit(new TurnId("back"), PREFIX).keptBlocks(), "its session finds its own seat");
        room.complete(false);

        assertEquals(NO_ROOM, copyAnswer().receipt());
        assertEquals(List.of("look for room"), engine.orders);
    }

    @Test
    void aSeatThatItsSessionTookDuringTheLookStaysItsOwn() {
        copy(new Epoch(1));
        TurnId back = new TurnId("back");
        admit(back, PREFIX);
        room.complete(true);
        assertEquals(new Receipt.Rejected(Receipt.Reason.BUSY), copyAnswer().receipt());

        worker.tell(new Worker.EndTurn(back));
        copy(new Epoch(1));

        assertEquals(
                new Receipt.Deferred(Duration.ofSeconds(1), Receipt.Reason.CONTENT_UNKNOWN),
                copyAnswer().receipt(),
                "it has the seat and looks for the text");
    }

    @Test
    void aLookForAKeeperOfThePastEndsNothingOfItsSuccessors() {
        long past = copy(new Epoch(1));
        status();
        CompletableFuture<Boolean> again = new CompletableFuture<>();
        engine.answersRoom(again);
        long present = copy(new Epoch(2));
        status();

        room.complete(true);
        RetentionNews.CopyAnswered stale = copyAnswer();
        again.complete(false);
        RetentionNews.CopyAnswered last = copyAnswer();

        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), stale.receipt());
        assertEquals(past, stale.order());
        assertEquals(NO_ROOM, last.receipt());
        assertEquals(present, last.order());
    }

    private AdmitReply.Placed admit(TurnId turn, @Nullable Prefix cached) {
        worker.tell(new Worker.AdmitTurn(turn, 10, 4, cached, null, admissions.getRef()));
        return admissions.expectMessageClass(AdmitReply.Admitted.class).place();
    }

    private long copy(Epoch epoch) {
        worker.tell(new Worker.CopyPrefix(
                new LedgerId(7),
                new LeaseId(0, 1),
                epoch,
                incarnation(),
                PREFIX,
                new ConversationRef(TenantId.DEFAULT, "m", new PromptFingerprint(1, 2)),
                ++orders,
                keeper.getRef()));
        return orders;
    }

    private RetentionNews.CopyAnswered copyAnswer() {
        return keeper.expectMessageClass(RetentionNews.CopyAnswered.class);
    }
}
