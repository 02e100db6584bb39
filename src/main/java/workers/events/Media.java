package workers.events;

import java.util.Locale;
import java.util.Optional;
import kv.KvTier;

/** Names that engines and cache layers give to places where blocks lie. */
final class Media {
    private Media() {}

    /** Tier of a medium; engines that name none mean their accelerator's memory. Empty when the name is unknown. */
    static Optional<KvTier> tier(String medium) {
        String name = medium.toLowerCase(Locale.ROOT);
        if (name.isEmpty() || name.equals("gpu")) {
            return Optional.of(KvTier.DEVICE);
        }
        if (name.equals("cpu") || name.equals("cpu_pinned") || name.equals("lmcache-l1")) {
            return Optional.of(KvTier.HOST);
        }
        if (name.equals("disk")) {
            return Optional.of(KvTier.DISK);
        }
        if (name.equals("external") || name.startsWith("lmcache-l2")) {
            return Optional.of(KvTier.REMOTE);
        }
        return Optional.empty();
    }
}
