package agents.plan;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Observed gaps, of all tool calls and by what was called. Calls that were made together are a kind of their own: the gap is that of
 * the slowest.
 *
 * <p>Mutable, not thread safe.
 */
final class ToolDurations {
    private static final int SAMPLES = 1000;
    private static final int KINDS = 4096;

    private final DurationSamples all = new DurationSamples(SAMPLES);
    private final Map<List<String>, DurationSamples> byTools = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<List<String>, DurationSamples> eldest) {
            return size() > KINDS;
        }
    };

    void add(List<String> tools, double seconds) {
        all.add(seconds);
        of(tools).add(seconds);
    }

    DurationSamples all() {
        return all;
    }

    DurationSamples of(List<String> tools) {
        return byTools.computeIfAbsent(tools, kind -> new DurationSamples(SAMPLES));
    }
}
