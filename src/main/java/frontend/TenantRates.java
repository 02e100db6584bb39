package frontend;

import akka.http.javadsl.model.HttpRequest;
import inference.ContentBlock;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.Message;
import inference.TenantId;
import inference.ToolDefinition;
import inference.Usage;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What each tenant may ask of this node within a minute: requests, and tokens of their turns.
 *
 * <p>How many tokens a turn takes is known at its end. It is admitted by an estimate of its prompt and settled once: by what its engine
 * counted, without what came from the cache; by the estimate and what was answered, if it broke off or its engine does not count; by
 * nothing, if it failed before it answered, or another answer to the same request did.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class TenantRates {
    private static final int CHARACTERS_PER_TOKEN = 4;

    private final @Nullable MinuteRate requests;
    private final @Nullable MinuteRate tokens;

    /** @param nanoTime of a clock that never goes back */
    public TenantRates(FrontendSettings.Rates limits, LongSupplier nanoTime) {
        requests = limits.requestsPerMinute() == 0 ? null : new MinuteRate(limits.requestsPerMinute(), nanoTime);
        tokens = limits.tokensPerMinute() == 0 ? null : new MinuteRate(limits.tokensPerMinute(), nanoTime);
    }

    /**
     * Counts a request to a model, whose answer will tell where its tenant stands.
     *
     * @throws RefusedRequest when it is one too many
     */
    void admit(HttpRequest request, TenantId tenant) {
        if (tokens != null) {
            ServiceHeaders.standTokens(request, () -> tokens.standing(tenant));
        }
        if (requests != null) {
            MinuteRate.Standing standing = requests.take(tenant, 1);
            ServiceHeaders.standRequests(request, standing);
            if (!standing.admitted()) {
                throw refused(
                        "more than " + standing.limit() + " requests a minute (holdfast.frontend.requests-per-minute",
                        standing);
            }
        }
    }

    /**
     * Takes what the turns of one request will use.
     *
     * @return a claim for each, to be settled once
     * @throws RefusedRequest when it is too much now
     */
    List<Claim> claim(List<InferenceRequest> turns) {
        List<Claim> claims = turns.stream()
                .map(turn -> new Claim(turn.session().tenant(), estimate(turn)))
                .toList();
        if (tokens != null && !claims.isEmpty()) {
            long all = claims.stream().mapToLong(claim -> claim.estimate).sum();
            MinuteRate.Standing standing = tokens.take(claims.get(0).tenant, all);
            if (!standing.admitted()) {
                throw refused(
                        "more than " + standing.limit() + " tokens a minute: " + all
                                + " are estimated for this request, " + standing.remaining()
                                + " are left (holdfast.frontend.tokens-per-minute",
                        standing);
            }
        }
        return claims;
    }

    private static RefusedRequest refused(String message, MinuteRate.Standing standing) {
        return new RefusedRequest(new InferenceFailure(
                InferenceFailure.Kind.RATE_LIMITED,
                message + ", of each tenant at each node)",
                null,
                standing.untilNext()));
    }

    /** Tokens of a turn's prompt by the length of its text, as the services estimate; images count nothing before the end. */
    private static long estimate(InferenceRequest turn) {
        long characters = 0;
        for (ToolDefinition tool : turn.tools()) {
            characters += tool.name().length()
                    + tool.description().length()
                    + tool.parameters().length();
        }
        for (Message message : turn.messages()) {
            characters += characters(message.content());
        }
        return (characters + CHARACTERS_PER_TOKEN - 1) / CHARACTERS_PER_TOKEN;
    }

    private static long characters(List<ContentBlock> blocks) {
        long characters = 0;
        for (ContentBlock block : blocks) {
            if (block instanceof ContentBlock.Text text) {
                characters += text.text().length();
            } else if (block instanceof ContentBlock.Thinking thinking) {
                characters += thinking.text().length();
            } else if (block instanceof ContentBlock.ToolUse call) {
                characters += call.name().length() + call.arguments().length();
            } else if (block instanceof ContentBlock.ToolResult result) {
                characters += characters(result.content());
            } else if (block instanceof ContentBlock.Refusal refusal) {
                characters += refusal.text().length();
            }
        }
        return characters;
    }

    /** What was taken for one turn. */
    final class Claim {
        private final TenantId tenant;
        private final long estimate;
        private final AtomicBoolean settled = new AtomicBoolean();

        private Claim(TenantId tenant, long estimate) {
            this.tenant = tenant;
            this.estimate = estimate;
        }

        /** The turn is complete after so many steps, which are taken for its tokens when its engine tells none. */
        void used(Usage usage, int steps) {
            if (usage.inputTokens() == 0 && usage.outputTokens() == 0) {
                cutOff(steps);
            } else {
                settle((long) usage.inputTokens() - usage.cachedTokens() + usage.outputTokens());
            }
        }

        /** The turn broke off after so many steps of its answer, which are taken for tokens. */
        void cutOff(int steps) {
            settle(estimate + steps);
        }

        /** The turn failed, or was left for another's failure, before it answered. */
        void unused() {
            settle(0);
        }

        private void settle(long used) {
            if (settled.compareAndSet(false, true) && tokens != null) {
                tokens.settle(tenant, estimate, used);
            }
        }
    }
}
