package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.START;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import inference.SessionId;
import inference.TenantId;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import kv.Epoch;
import kv.KvTier;
import kv.Receipt;
import kv.StoredCopy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The durable schema against golden files. A file of a version is never changed: add one, or a new version. */
class LedgerJsonTest {
    static final ObjectMapper MAPPER = JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .addModule(new LedgerJson())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** What each golden file says. */
    static Map<String, Object> golden() {
        Duration minute = Duration.ofMinutes(1);
        Receipt bounded = new Receipt.Bounded(Ledgers.prefix(4), KvTier.HOST, minute, Receipt.Reason.BUDGET);
        StoredCopy copy = new StoredCopy("slot-1.bin", 10_240, 160, "m/q4");
        LiveWorker worker = Ledgers.worker(A, 1, Ledgers.HOLDS_AND_COPIES);
        Step hold = Step.asked(Step.Kind.HOLD, worker);
        Map<String, Object> files = new LinkedHashMap<>();
        files.put("epoch-begun.json", new LedgerEvent.EpochBegun(new Epoch(3), null, START));
        files.put("epoch-begun-named.json", new LedgerEvent.EpochBegun(new Epoch(3), Ledgers.NAME, START));
        files.put(
                "lease-granted.json",
                new LedgerEvent.LeaseGranted(Ledgers.terms(1, 2), START.plus(minute), 614_400, List.of(hold), START));
        files.put(
                "lease-renewed.json", new LedgerEvent.LeaseRenewed(Ledgers.id(1), START.plus(minute), 700_000, START));
        files.put(
                "steps-planned.json",
                new LedgerEvent.StepsPlanned(
                        List.of(new LedgerEvent.Plan(Ledgers.id(1), List.of(Step.asked(Step.Kind.COPY, worker)))),
                        START));
        files.put("receipt-accepted.json", receipt(Step.Kind.COPY, Ledgers.ACCEPTED, copy));
        files.put("receipt-bounded.json", receipt(Step.Kind.HOLD, bounded, null));
        files.put(
                "receipt-deferred.json",
                receipt(Step.Kind.WARM, new Receipt.Deferred(minute, Receipt.Reason.BUSY), null));
        files.put(
                "receipt-rejected.json",
                receipt(Step.Kind.HOLD, new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT), null));
        files.put("receipt-unsupported.json", receipt(Step.Kind.HOLD, new Receipt.Unsupported(), null));
        files.put(
                "hold-ended.json", new LedgerEvent.HoldEnded(Ledgers.id(1), A, Loss.EVICTED, Ledgers.prefix(3), START));
        files.put("worker-voided.json", new LedgerEvent.WorkerVoided(A, Ledgers.life(2), Loss.INCARNATION_OVER, START));
        files.put(
                "leases-ended.json",
                new LedgerEvent.LeasesEnded(List.of(Ledgers.id(1)), EndReason.NOTHING_LEFT, START));
        LedgerState named = state(copy);
        files.put(
                "ledger-state.json",
                new LedgerState(named.epoch(), null, named.leases(), named.ended(), named.budgets()));
        files.put("ledger-state-named.json", named);
        SessionId owner = new SessionId("session-1");
        files.put("owner-joined.json", new LedgerEvent.OwnerJoined(Ledgers.id(1), owner, START.plus(minute), START));
        files.put("owner-left.json", new LedgerEvent.OwnerLeft(Ledgers.id(1), owner, START));
        Ledgers shared = new Ledgers(Ledgers.SETTINGS).up(A, 1, Ledgers.HOLDS);
        shared.join(Ledgers.terms(1, 1), owner, minute);
        files.put("ledger-state-shared.json", shared.book.snapshot());
        return files;
    }

    private static LedgerEvent receipt(Step.Kind kind, Receipt receipt, @Nullable StoredCopy copy) {
        return new LedgerEvent.ReceiptRecorded(
                Ledgers.id(1), kind, A, receipt, kind == Step.Kind.COPY ? null : START.plusSeconds(60), copy, START);
    }

    /** A held and copied lease, and a lost one. */
    private static LedgerState state(StoredCopy copy) {
        Ledgers ledgers = new Ledgers(Ledgers.SETTINGS).up(A, 1, Ledgers.HOLDS_AND_COPIES);
        ledgers.grant(Ledgers.terms(1, 2), Duration.ofMinutes(1));
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, Ledgers.ACCEPTED);
        ledgers.answer(A, 1, Step.Kind.COPY, 1, Ledgers.ACCEPTED, copy);
        ledgers.grant(Ledgers.terms(2, Ledgers.CHILD, Ledgers.PREFIX, 1, 50, 1, null, A), Duration.ofMinutes(1));
        ledgers.answer(A, 1, Step.Kind.HOLD, 2, Ledgers.ACCEPTED);
        ledgers.ends(A, 1, 2, Loss.EVICTED, Ledgers.prefix(3));
        ledgers.end(2, EndReason.NOTHING_LEFT);
        return ledgers.book.snapshot();
    }

    private static Class<?> declared(Object value) {
        return value instanceof LedgerEvent ? LedgerEvent.class : LedgerState.class;
    }

    private static JsonNode read(String file) throws IOException {
        try (InputStream in = LedgerJsonTest.class.getResourceAsStream("/journal/v1/" + file)) {
            assertNotNull(in, "golden file journal/v1/" + file);
            return MAPPER.readTree(in);
        }
    }

    @Test
    void everyGoldenFileIsStillRead() throws IOException {
        for (Map.Entry<String, Object> file : golden().entrySet()) {
            assertEquals(
                    file.getValue(), MAPPER.treeToValue(read(file.getKey()), declared(file.getValue())), file.getKey());
        }
    }

    @Test
    void theSchemaIsWrittenAsTheGoldenFilesSay() throws IOException {
        for (Map.Entry<String, Object> file : golden().entrySet()) {
            assertEquals(
                    read(file.getKey()), MAPPER.readTree(MAPPER.writeValueAsBytes(file.getValue())), file.getKey());
        }
    }

    @Test
    void everyEventHasAGoldenFile() {
        Set<String> permitted = Arrays.stream(LedgerEvent.class.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> present = golden().values().stream()
                .filter(LedgerEvent.class::isInstance)
                .map(event -> event.getClass().getSimpleName())
                .collect(Collectors.toCollection(TreeSet::new));

        assertEquals(permitted, present);
    }

    @Test
    void whatALaterVersionAddsIsIgnored() throws IOException {
        ObjectNode later = (ObjectNode) read("lease-granted.json");
        later.put("mood", "good");
        ((ObjectNode) later.get("terms")).put("colour", "blue");

        assertEquals(golden().get("lease-granted.json"), MAPPER.treeToValue(later, LedgerEvent.class));
    }

    @Test
    void aBookReadFromItsSnapshotGoesOnAsTheOneThatWroteIt() throws IOException {
        LedgerState written = state(new StoredCopy("slot-1.bin", 10_240, 160, "m/q4"));
        LedgerState read = MAPPER.readValue(MAPPER.writeValueAsBytes(written), LedgerState.class);
        LeaseBook book = LeaseBook.of(read, Ledgers.SETTINGS);

        assertEquals(written, book.snapshot());
        assertEquals(1, book.ofRoot(TenantId.DEFAULT, Ledgers.ROOT).size());
    }
}
