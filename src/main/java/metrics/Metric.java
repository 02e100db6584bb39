package metrics;

import java.util.List;

/**
 * One constant per metric: name, kind, help, and the labels it carries. Values are seconds, bytes or counts. What is of one
 * worker carries its URL, so there are as many as the configuration names engines.
 */
public enum Metric {
    TURNS("holdfast.turns", Kind.COUNTER, "Turns that ended, by outcome", "outcome"),
    CONVERSATIONS_NOT_KEPT("holdfast.conversations.not.kept", Kind.COUNTER, "Turns whose text the store did not take"),
    TIME_TO_FIRST_TOKEN("holdfast.ttft", Kind.TIMER, "Time from a request's receipt to its first token"),
    PROMPT_TOKENS(
            "holdfast.tokens.prompt",
            Kind.COUNTER,
            "Prompt tokens of answered turns, by where they came from: an engine's cache, or computed",
            "source"),
    OUTPUT_TOKENS("holdfast.tokens.output", Kind.COUNTER, "Tokens of answers, reasoning included"),
    TEMPLATE_FAILURES(
            "holdfast.template.failures",
            Kind.COUNTER,
            "Prompts that their model's template did not write, so that they count as ChatML in bytes",
            "model"),
    PROMPTS_UNTOLD(
            "holdfast.prompts.untold",
            Kind.COUNTER,
            "Prompts whose tokens no engine of their model told, in time or at all, so that they count as ChatML in bytes",
            "model"),
    PROMPTS_MISTOLD(
            "holdfast.prompts.mistold",
            Kind.COUNTER,
            "Answered prompts in which the engine counted more or fewer tokens than their parts have by its word",
            "model"),
    HTTP_RESPONSES(
            "holdfast.http.responses",
            Kind.COUNTER,
            "HTTP responses, by status; a stream counts when it begins",
            "status"),
    HTTP_TURNS_RUNNING("holdfast.http.turns.running", Kind.GAUGE, "Turns that clients wait for"),
    HTTP_DECODE("holdfast.http.decode", Kind.TIMER, "Time to turn a request's JSON tree into a request"),
    ROUTES("holdfast.routes", Kind.COUNTER, "Route requests that ended, by outcome", "outcome"),
    ROUTE_DECISION("holdfast.route.decision", Kind.TIMER, "Time a router takes to place one turn"),
    QUEUE_WAIT("holdfast.route.queue.wait", Kind.TIMER, "Time a placed turn spent in the pending queue"),
    TURNS_WAITING("holdfast.route.queue.waiting", Kind.GAUGE, "Turns in this node's pending queue"),
    INDEX_BLOCKS("holdfast.index.blocks", Kind.GAUGE, "Distinct blocks in this node's prefix index"),
    INDEX_RESYNCS("holdfast.index.resyncs", Kind.COUNTER, "Times one worker's part of the index started over"),
    WORKER_UP("holdfast.worker.up", Kind.GAUGE, "1 for a worker that takes turns, else 0", "worker"),
    WORKER_REQUESTS("holdfast.worker.requests", Kind.GAUGE, "Requests at a worker's engine", "worker", "state"),
    WORKER_BLOCKS("holdfast.worker.blocks", Kind.GAUGE, "KV blocks in a worker's tiers", "worker", "state"),
    COPIES_BYTES(
            "holdfast.worker.copies.bytes",
            Kind.GAUGE,
            "Bytes that all copies in the folder of a worker's server take, and most that they may take",
            "worker",
            "state"),
    ADMISSIONS("holdfast.worker.admissions", Kind.COUNTER, "Turns that asked a worker for admission", "outcome"),
    ADMISSIONS_LAPSED("holdfast.worker.admissions.lapsed", Kind.COUNTER, "Admissions without a sign of life"),
    HOLDS("holdfast.worker.holds", Kind.COUNTER, "Holds that workers were asked for, by receipt", "receipt"),
    HOLDS_CUT(
            "holdfast.worker.holds.cut", Kind.COUNTER, "Holds that ended or shrank by themselves, by reason", "reason"),
    WARM_TOKENS(
            "holdfast.worker.warm.tokens",
            Kind.COUNTER,
            "Tokens that engines computed ahead of turns: to replace lost copies, or as guesses",
            "why"),
    KV_EVENTS("holdfast.worker.kv.events", Kind.COUNTER, "Events of engines' caches, by what came of them", "outcome"),
    LEASES_REFUSED(
            "holdfast.leases.refused", Kind.COUNTER, "Retention leases that keepers refused, by reason", "reason"),
    LEASES_BOUNDED(
            "holdfast.leases.bounded",
            Kind.COUNTER,
            "Retention leases granted for less time than was asked for, by what bounded them",
            "reason"),
    LEASES_ENDED("holdfast.leases.ended", Kind.COUNTER, "Retention leases that ended, by reason", "reason"),
    LEASE_RECEIPTS(
            "holdfast.leases.receipts",
            Kind.COUNTER,
            "Workers' answers to lease keepers, by what was asked and how it was answered",
            "asked",
            "receipt"),
    LEASE_HOLDS_ENDED(
            "holdfast.leases.holds.ended",
            Kind.COUNTER,
            "Holds that workers reported as ended or cut down, by reason",
            "reason"),
    LEASE_HOLDS_OVERSTAYED(
            "holdfast.leases.holds.overstayed",
            Kind.COUNTER,
            "Holds that may have outlived their time: it is over, and their workers have not said that they ended"),
    LEASE_COPIES_ABANDONED(
            "holdfast.leases.copies.abandoned",
            Kind.COUNTER,
            "Copies in shared storage that no lease has, found and deleted"),
    LEASE_RESUMES(
            "holdfast.leases.resumes",
            Kind.COUNTER,
            "Sessions that asked for their leases, by whether they waited for a keeper's recovery",
            "outcome"),
    LEASE_ASKS_LAPSED(
            "holdfast.leases.asks.lapsed",
            Kind.COUNTER,
            "Turns placed without what is kept of their session, because the keeper did not answer in time"),
    ;

    /** How a metric is observed. */
    public enum Kind {
        COUNTER,
        TIMER,
        GAUGE
    }

    private final String id;
    private final Kind kind;
    private final String help;
    private final List<String> labels;

    Metric(String id, Kind kind, String help, String... labels) {
        this.id = id;
        this.kind = kind;
        this.help = help;
        this.labels = List.of(labels);
    }

    public String id() {
        return id;
    }

    public Kind kind() {
        return kind;
    }

    public String help() {
        return help;
    }

    String label(int position) {
        return labels.get(position);
    }

    int labelCount() {
        return labels.size();
    }
}
