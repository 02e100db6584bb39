package router.placement;

import java.util.Map;

/**
 * The router's part of retention policies, by their names. A policy that is not listed pauses nobody; whether there is one of
 * that name is known to those who own its other part.
 */
final class PausePolicies {
    private static final Map<String, Maker> MAKERS = Map.of(
            "continuum", parameter -> new SessionOrder(),
            "progress-ttl", parameter -> new BatchGain(),
            "pause-resume", parameter -> new PauseResume());

    private PausePolicies() {}

    /** @param spec name, or name and parameter with a colon between */
    static PausePolicy create(String spec) {
        int colon = spec.indexOf(':');
        Maker maker = MAKERS.get(colon < 0 ? spec : spec.substring(0, colon));
        return maker == null ? PausePolicy.NONE : maker.make(colon < 0 ? "" : spec.substring(colon + 1));
    }

    private interface Maker {
        PausePolicy make(String parameter);
    }
}
