package router.placement;

import java.util.Map;
import workers.status.TimingModel;
import workers.status.TransferModel;

/**
 * The router's part of retention policies, by their names. A policy that is not listed pauses nobody; whether there is one of
 * that name is known to those who own its other part.
 */
final class PausePolicies {
    private static final Map<String, Maker> MAKERS = Map.of(
            "continuum",
            (settings, timing, transfers) -> new SessionOrder(),
            "progress-ttl",
            (settings, timing, transfers) -> new BatchGain(),
            "pause-resume",
            (settings, timing, transfers) -> new PauseResume(),
            RoomForReturn.NAME,
            RoomForReturn::new);

    private PausePolicies() {}

    /** @param transfers at the speed of {@code timing} */
    static PausePolicy create(PauseSettings settings, TimingModel timing, TransferModel transfers) {
        String policy = settings.policy();
        int colon = policy.indexOf(':');
        Maker maker = MAKERS.get(colon < 0 ? policy : policy.substring(0, colon));
        return maker == null ? PausePolicy.NONE : maker.make(settings, timing, transfers);
    }

    private interface Maker {
        PausePolicy make(PauseSettings settings, TimingModel timing, TransferModel transfers);
    }
}
