package agents.plan;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Every retention policy by name, as far as sessions are concerned. A name may carry a parameter: {@code static-ttl:60s}. */
public final class GapPolicies {
    /** Keeps nothing: what stays cached is the engines' business. */
    public static final String NONE = "none";

    private static final Map<String, Maker> MAKERS = new LinkedHashMap<>();

    static {
        MAKERS.put(NONE, (parameter, settings, prefill) -> new KeepsNothing());
        MAKERS.put(
                StaticTtl.NAME, (parameter, settings, prefill) -> new StaticTtl(time(parameter), settings.minCopies()));
        MAKERS.put(Continuum.NAME, (parameter, settings, prefill) -> new Continuum(settings, prefill));
        MAKERS.put(ContinuumPreview.NAME, (parameter, settings, prefill) -> new ContinuumPreview(settings));
        MAKERS.put(ProgressTtl.NAME, (parameter, settings, prefill) -> new ProgressTtl(settings));
        // Pausing is the router's; what runs has room, so nothing is held.
        MAKERS.put("pause-resume", (parameter, settings, prefill) -> gap -> GapPolicy.Keep.NOTHING);
        MAKERS.put(InferCept.NAME, (parameter, settings, prefill) -> new InferCept(settings, prefill));
        MAKERS.put(KvFlow.NAME, (parameter, settings, prefill) -> new KvFlow(settings));
        MAKERS.put(LearnedGaps.NAME, (parameter, settings, prefill) -> new LearnedGaps(settings, prefill));
    }

    private GapPolicies() {}

    /** Names in the order of their documentation, without parameters. */
    public static Set<String> names() {
        return Collections.unmodifiableSet(MAKERS.keySet());
    }

    /**
     * Makes a policy.
     *
     * @param spec name, or name and parameter with a colon between
     * @param prefillMillis what computing a prompt of so many tokens from nothing is expected to cost
     * @throws IllegalArgumentException names the known ones when this is not among them, or says what is wrong with the
     *     parameter
     */
    public static GapPolicy create(String spec, RetentionSettings settings, LongToDoubleFunction prefillMillis) {
        int colon = spec.indexOf(':');
        String name = colon < 0 ? spec : spec.substring(0, colon);
        @Nullable Maker maker = MAKERS.get(name);
        if (maker == null) {
            throw new IllegalArgumentException(
                    "unknown retention policy '" + spec + "'; known are " + String.join(", ", names()));
        }
        String parameter = colon < 0 ? "" : spec.substring(colon + 1);
        if (parameter.isEmpty() == name.equals(StaticTtl.NAME)) {
            throw new IllegalArgumentException("the retention policy '" + spec + "' "
                    + (parameter.isEmpty() ? "needs a time, as in static-ttl:60s" : "takes no parameter"));
        }
        return maker.make(parameter, settings, prefillMillis);
    }

    private static Duration time(String seconds) {
        if (!seconds.matches("[1-9][0-9]{0,5}s")) {
            throw new IllegalArgumentException(
                    "the time of a retention policy is in whole seconds like 60s, got '" + seconds + "'");
        }
        return Duration.ofSeconds(Long.parseLong(seconds.substring(0, seconds.length() - 1)));
    }

    private interface Maker {
        GapPolicy make(String parameter, RetentionSettings settings, LongToDoubleFunction prefillMillis);
    }
}
