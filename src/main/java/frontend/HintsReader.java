package frontend;

import inference.AgentHints;
import inference.CacheMark;
import inference.Message;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code nvext}, the top-level field that carries an agent's intent in every dialect. Unknown keys are tolerated, a
 * wrong type is refused with the field's path.
 */
public final class HintsReader {
    private static final long MAX_UINT32 = 0xffff_ffffL;
    private static final double MAX_GAP_SECONDS = 24 * 60 * 60;

    private HintsReader() {}

    /** Hints of {@code nvext.agent_hints}; {@link AgentHints#NONE} without any. */
    public static AgentHints hints(JsonField body) {
        JsonField hints = member(body.at("nvext"), "agent_hints");
        if (hints == null) {
            return AgentHints.NONE;
        }
        return new AgentHints(
                orZero(hints.at("priority").intOrNull(Integer.MIN_VALUE, Integer.MAX_VALUE)),
                orZero(hints.at("strict_priority").intOrNull(Integer.MIN_VALUE, Integer.MAX_VALUE)),
                outputTokens(hints.at("osl")),
                hints.at("speculative_prefill").booleanOr(false),
                hints.at("latency_sensitivity").numberOrNull(0, Double.MAX_VALUE),
                seconds(hints.at("expected_resume")),
                seconds(hints.at("tool_timeout")));
    }

    private static @Nullable Duration seconds(JsonField field) {
        Double seconds = field.numberOrNull(0, MAX_GAP_SECONDS);
        return seconds == null ? null : Duration.ofMillis(Math.round(seconds * 1000));
    }

    /** The mark of {@code nvext.cache_control}, which keeps the whole prompt; none without it. */
    public static List<CacheMark> cacheMarks(JsonField body, List<Message> messages) {
        JsonField control = member(body.at("nvext"), "cache_control");
        if (control == null) {
            return List.of();
        }
        return CacheMark.end(messages, ttl(control)).stream().toList();
    }

    /** Whether {@code nvext.extra_fields} asks for what is kept of the session. */
    public static boolean wantsRetention(JsonField body) {
        JsonField nvext = body.at("nvext");
        return !nvext.absent()
                && nvext.object().at("extra_fields").items().stream()
                        .map(JsonField::text)
                        .toList()
                        .contains("retention");
    }

    /** How long a {@code cache_control} asks to keep a prefix without a read. */
    public static Duration ttl(JsonField cacheControl) {
        JsonField type = cacheControl.object().at("type");
        if (!type.text().equals("ephemeral")) {
            throw type.mustBe("'ephemeral'");
        }
        JsonField field = cacheControl.at("ttl");
        return switch (field.textOr("5m")) {
            case "5m" -> Duration.ofMinutes(5);
            case "1h" -> Duration.ofHours(1);
            default -> throw field.mustBe("'5m' or '1h'");
        };
    }

    /** An object inside {@code nvext}; null without it. */
    static @Nullable JsonField member(JsonField nvext, String name) {
        if (nvext.absent() || nvext.object().at(name).absent()) {
            return null;
        }
        return nvext.at(name).object();
    }

    private static @Nullable Integer outputTokens(JsonField osl) {
        Long tokens = osl.integerOrNull(0, MAX_UINT32);
        return tokens == null ? null : Integer.valueOf((int) Math.min(tokens, Integer.MAX_VALUE));
    }

    private static int orZero(@Nullable Integer value) {
        return value == null ? 0 : value;
    }
}
