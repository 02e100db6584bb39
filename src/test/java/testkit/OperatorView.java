package testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Leases and holds as a node's operator sees them. */
public final class OperatorView {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Set<String> OPEN = Set.of("REQUESTED", "HELD", "DEGRADED");

    private OperatorView() {}

    /** Leases in a state. */
    public static List<JsonNode> leases(NodeProcess node, String state) {
        return leases(node, Set.of(state));
    }

    private static List<JsonNode> leases(NodeProcess node, Set<String> states) {
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode lease : node.get("/v1/leases?limit=1000").get("data")) {
            if (states.contains(lease.get("state").asText())) {
                found.add(lease);
            }
        }
        return found;
    }

    /** Names of the leases that have not ended. */
    public static Set<String> open(NodeProcess node) {
        Set<String> ids = new TreeSet<>();
        leases(node, OPEN).forEach(lease -> ids.add(lease.get("id").asText()));
        return ids;
    }

    /** Waits until so many leases have all the copies that they want. */
    public static void awaitHeld(NodeProcess node, int number) {
        try {
            NodeProcess.await(
                    number + " leases are held",
                    PATIENCE,
                    () -> leases(node, "HELD").size() == number);
        } catch (AssertionError late) {
            throw new AssertionError(late.getMessage() + ": " + node.get("/v1/leases"), late);
        }
    }

    /** Holds of all workers, by their own count. */
    public static int holds(NodeProcess node) {
        int holds = 0;
        for (JsonNode worker : node.get("/v1/workers").get("data")) {
            holds += worker.get("holds").get("count").asInt();
        }
        return holds;
    }

    /** What a worker said, or what was seen of it since, of what it was asked for. */
    public static boolean any(JsonNode lease, String requested, String field, String value) {
        for (JsonNode step : lease.get("workers")) {
            if (step.get("requested").asText().equals(requested)
                    && step.get(field).asText().equals(value)) {
                return true;
            }
        }
        return false;
    }
}
