package architecture;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.AgentSession;
import agents.session.Checkpoint;
import agents.session.Control;
import agents.session.Frontier;
import agents.session.KeptPoint;
import agents.session.OpenReasoning;
import agents.session.SessionEvent;
import agents.session.SessionPhase;
import agents.session.SessionState;
import agents.session.TurnRecord;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.ByteBufferSerializer;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.Serializers;
import cluster.KryoSerializer;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import inference.PromptFingerprint;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.io.NotSerializableException;
import java.lang.reflect.Modifier;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import kv.SequenceHash;
import kv.WorkerId;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import router.Router;
import router.retention.LedgerEvent;
import router.retention.LedgerState;
import router.retention.Ledgers;
import testkit.Samples;
import workers.Worker;

/** Whatever crosses the network or is stored round-trips, and nothing else does. */
class SerializationTest {
    private static final Config CONFIG = ConfigFactory.parseResources("serialization.conf")
            .withFallback(ConfigFactory.parseString("akka.actor.provider = local"))
            .withFallback(ConfigFactory.defaultReference());
    private static ActorTestKit kit;
    private static Serialization serialization;

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create("SerializationTest", CONFIG.resolve());
        serialization = SerializationExtension.get(Adapter.toClassic(kit.system()));
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    /** Roots that serialization.conf binds to a serializer of ours. */
    private static Set<Class<?>> roots(String serializer) throws ClassNotFoundException {
        Set<Class<?>> roots = new LinkedHashSet<>();
        Config bindings =
                ConfigFactory.parseResources("serialization.conf").getConfig("akka.actor.serialization-bindings");
        for (var binding : bindings.root().entrySet()) {
            if (binding.getValue().unwrapped().equals(serializer)) {
                roots.add(Class.forName(binding.getKey()));
            }
        }
        assertFalse(roots.isEmpty());
        return roots;
    }

    private static Object roundTrip(Object message) throws Exception {
        Serializer serializer = serialization.findSerializerFor(message);
        byte[] bytes = serializer.toBinary(message);
        String manifest = Serializers.manifestFor(serializer, message);
        Object read = serialization
                .deserialize(bytes, serializer.identifier(), manifest)
                .get();
        if (serializer instanceof ByteBufferSerializer buffered) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
            buffered.toBinary(message, buffer);
            buffer.flip();
            assertEquals(bytes.length, buffer.remaining());
            assertTrue(Samples.deepEquals(message, buffered.fromBinary(buffer, manifest)));
        }
        return read;
    }

    private static Samples samples() {
        return new Samples(kit.createTestProbe().getRef()).with(Ledgers.terms(1, 2));
    }

    @Test
    void everyMessageBetweenNodesRoundTrips() throws Exception {
        Samples samples = samples();
        int messages = 0;
        for (Class<?> root : roots("holdfast-wire")) {
            for (Class<?> type : Samples.leaves(root)) {
                if (!Modifier.isPublic(type.getModifiers())) {
                    continue; // what an actor and its parts tell themselves
                }
                Object sample = samples.of(type);
                assertInstanceOf(KryoSerializer.class, serialization.findSerializerFor(sample), type.getName());
                Object read = assertDoesNotThrow(() -> roundTrip(sample), type.getName());
                assertTrue(Samples.deepEquals(sample, read), () -> sample + " came back as " + read);
                messages++;
            }
        }
        assertTrue(messages > 20, "the test looks in the wrong place");
    }

    @Test
    void everyStoredEventAndStateRoundTrips() throws Exception {
        Samples samples = new Samples(kit.createTestProbe().getRef());
        for (Class<?> type : Samples.leaves(SessionEvent.class)) {
            Object sample = samples.of(type);
            assertEquals(sample, roundTrip(sample));
            assertEquals("", Serializers.manifestFor(serialization.findSerializerFor(sample), sample));
        }
        Object state = samples.of(SessionState.class);
        assertEquals(state, roundTrip(state));
    }

    @Test
    void everyEventAndSnapshotOfTheLedgerRoundTrips() throws Exception {
        Samples samples = samples();
        for (Class<?> type : Samples.leaves(LedgerEvent.class)) {
            Object sample = samples.of(type);
            assertEquals(sample, roundTrip(sample));
            assertEquals("", Serializers.manifestFor(serialization.findSerializerFor(sample), sample));
        }
        Object state = samples.of(LedgerState.class);
        assertEquals(state, roundTrip(state));
    }

    @Test
    void absentComponentsRoundTrip() throws Exception {
        var nobody = new AgentSession.SummaryFound(new SessionId("s"), SessionPhase.IDLE, null, 0, null);
        assertEquals(nobody, roundTrip(nobody));
    }

    @Test
    void whatActorsTellThemselvesDoesNotLeaveTheNode() {
        Set<String> leaving = new TreeSet<>();
        for (Class<?> type : Samples.leaves(AgentSession.Command.class)) {
            if (Modifier.isPrivate(type.getModifiers())) {
                Object sample = new Samples(kit.createTestProbe().getRef()).of(type);
                try {
                    serialization.findSerializerFor(sample).toBinary(sample);
                    leaving.add(type.getName());
                } catch (IllegalArgumentException refused) {
                    assertTrue(refused.getMessage().contains("not registered"), refused.getMessage());
                }
            }
        }
        assertEquals(Set.of(), leaving);
    }

    @Test
    void aClassThatIsNotRegisteredIsRefusedInBothDirections() throws Exception {
        KryoSerializer serializer = (KryoSerializer) serialization.serializerFor(Worker.EndTurn.class);
        assertThrows(IllegalArgumentException.class, () -> serializer.toBinary(new AtomicLong()));

        byte[] bytes = serializer.toBinary(new Worker.EndTurn(new TurnId("t")));
        bytes[0] = (byte) 119; // an id that nobody has
        assertThrows(RuntimeException.class, () -> serializer.fromBinary(bytes, "1"));
        assertThrows(NotSerializableException.class, () -> serializer.fromBinary(bytes, "2"));
    }

    @Test
    void theRoutersProtocolIsLocal() throws ClassNotFoundException {
        for (Class<?> type : Samples.leaves(Router.Command.class)) {
            assertThrows(
                    Exception.class,
                    () -> serialization
                            .serializerFor(type)
                            .toBinary(new Samples(kit.createTestProbe().getRef()).of(type)),
                    type.getName());
        }
    }

    @Test
    void aMessageAboveTheFrameSaysSoTheWayRemotingExpects() {
        Object message = new Worker.ReportFailure("x".repeat(1_000));
        ByteBufferSerializer serializer = (ByteBufferSerializer) serialization.findSerializerFor(message);

        assertThrows(BufferOverflowException.class, () -> serializer.toBinary(message, ByteBuffer.allocate(100)));
    }

    @Test
    void aThousandMessagesOfFingerprintsFitAFrame() {
        List<PromptFingerprint> chain =
                Collections.nCopies(1_001, new PromptFingerprint(0x8877665544332211L, 0x8877665544332211L));
        var begin = new AgentSession.BeginTurn(
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                new TurnId("t"),
                "model",
                16,
                chain,
                Instant.EPOCH,
                kit.createTestProbe().getRef(),
                kit.<AgentSession.BeginReply>createTestProbe().getRef());

        int bytes = serialization.findSerializerFor(begin).toBinary(begin).length;
        assertTrue(bytes < 32 * 1024, "took " + bytes + " bytes");
    }

    @Test
    void aFullSessionFitsAFrame() {
        Checkpoint point = new Checkpoint(
                1_000,
                new PromptFingerprint(0x8877665544332211L, 0x8877665544332211L),
                200_000,
                12_500,
                new SequenceHash(0x8877665544332211L));
        Samples samples = new Samples(kit.createTestProbe().getRef());
        var frontier = (Frontier) samples.of(Frontier.class);
        var full = new Frontier(
                frontier.id(),
                null,
                "some-model-name-of-usual-length",
                16,
                point,
                Collections.nCopies(32, point),
                true,
                true,
                Collections.nCopies(16, "a_tool_of_usual_length"),
                1_000,
                1_000,
                frontier.lastEndedAt(),
                new WorkerId("http://worker-17.inference.svc.cluster.local:8000"),
                new OpenReasoning(point, point.fingerprint()),
                Collections.nCopies(4, new KeptPoint(12_500, new SequenceHash(0x8877665544332211L), 3_600_000, 2)),
                true);
        var turn = (TurnRecord) samples.of(TurnRecord.class);
        SessionState state = new SessionState(
                TenantId.DEFAULT,
                new SessionId("s".repeat(128)),
                null,
                Instant.EPOCH,
                null,
                1_000,
                16,
                Collections.nCopies(16, full),
                Collections.nCopies(256, turn),
                Collections.nCopies(256, new SessionId("c".repeat(64))),
                new SessionId("r".repeat(128)),
                Collections.nCopies(
                        64,
                        new SessionEvent.Controlled(
                                "c".repeat(64),
                                new Control.Stall(1, "a_tool_of_usual_length", 30_000L),
                                List.of(1),
                                null,
                                Instant.EPOCH)),
                null);
        var found = new AgentSession.SessionFound(state, SessionPhase.ACTING);

        int bytes = serialization.findSerializerFor(found).toBinary(found).length;
        assertTrue(bytes < 128 * 1024, "took " + bytes + " bytes");
    }
}
