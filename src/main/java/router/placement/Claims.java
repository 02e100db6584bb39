package router.placement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import kv.PromptBlocks;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.queue.ActivePrefixes;
import router.queue.SharedBlocks;

/**
 * Blocks of workers that belong to sessions which are away: each session's last prompt, where it ran, until a time. Blocks that
 * prompts share count once per worker.
 *
 * <p>Bounded: sessions away for longest are forgotten.
 *
 * <p>Thread-safety: confined to its router.
 */
final class Claims {
    private static final int SESSIONS = 4096;

    private final ActivePrefixes prefixes = new ActivePrefixes();
    private final SharedBlocks shared = new SharedBlocks();
    /** The prompt that {@link #shared} is about: one is asked for worker after worker. Null once claims have changed. */
    private @Nullable PromptBlocks sharedPrompt;

    private final Map<WorkerId, Integer> slots = new HashMap<>();
    private int[] blocks = new int[8];
    private final NavigableSet<Away> byEnd = new TreeSet<>(
            Comparator.<Away>comparingLong(away -> away.untilNanos).thenComparingLong(away -> away.number));
    private final Map<Long, List<Away>> bySession = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, List<Away>> eldest) {
            boolean full = size() > SESSIONS;
            if (full) {
                eldest.getValue().forEach(Claims.this::giveUp);
            }
            return full;
        }
    };
    private long numbers;

    /** One line of a session's prompts that waits for its tools. */
    static final class Away {
        private final PromptBlocks prompt;
        private final int slot;
        private final long sinceNanos;
        private long untilNanos;
        private boolean back;
        private final long number;
        private boolean claims;

        private Away(PromptBlocks prompt, int slot, long sinceNanos, long untilNanos, long number) {
            this.prompt = prompt;
            this.slot = slot;
            this.sinceNanos = sinceNanos;
            this.untilNanos = untilNanos;
            this.number = number;
        }

        long sinceNanos() {
            return sinceNanos;
        }

        private boolean begins(PromptBlocks longer) {
            int size = prompt.size();
            return longer.size() >= size && longer.hashAt(size - 1) == prompt.hashAt(size - 1);
        }
    }

    /** A session is away; it claims its prompt's blocks if the time is in the future. Prompts without a full block do not count. */
    void add(long session, PromptBlocks prompt, WorkerId worker, long nowNanos, long untilNanos) {
        if (prompt.size() == 0) {
            return;
        }
        Away away = new Away(prompt, slot(worker), nowNanos, untilNanos, numbers++);
        bySession.computeIfAbsent(session, same -> new ArrayList<>()).add(away);
        if (untilNanos - nowNanos > 0) {
            away.claims = true;
            sharedPrompt = null;
            blocks[away.slot] += prefixes.add(prompt, away.slot);
            byEnd.add(away);
        }
    }

    /** The line of a session that a prompt continues; null when none does. */
    @Nullable
    Away find(long session, PromptBlocks prompt) {
        for (Away away : bySession.getOrDefault(session, List.of())) {
            if (away.begins(prompt)) {
                return away;
            }
        }
        return null;
    }

    /** A line's next turn has come and may have to wait: its claim lasts until then. Whether that was not known before. */
    boolean isBack(Away away, long untilNanos) {
        if (away.back) {
            return false;
        }
        away.back = true;
        if (away.claims) {
            byEnd.remove(away);
            away.untilNanos = untilNanos;
            byEnd.add(away);
        }
        return true;
    }

    /** Whether a line has blocks at a worker. */
    boolean claims(@Nullable Away away, WorkerId worker) {
        Integer slot = slots.get(worker);
        return away != null && away.claims && slot != null && slot == away.slot;
    }

    /** A line is back. */
    void remove(long session, Away away) {
        giveUp(away);
        bySession.computeIfPresent(session, (same, lines) -> lines.remove(away) && lines.isEmpty() ? null : lines);
    }

    /** Blocks of a worker that are claimed and not among a prompt's. */
    @SuppressWarnings("ReferenceEquality") // an equal prompt would only be looked up once more
    int blocksBeside(PromptBlocks prompt, WorkerId worker) {
        Integer slot = slots.get(worker);
        if (slot == null || blocks[slot] == 0) {
            return 0;
        }
        if (prompt != sharedPrompt) {
            prefixes.shared(prompt, blocks.length, shared);
            sharedPrompt = prompt;
        }
        return blocks[slot] - shared.inFlight(slot);
    }

    /** Ends claims whose time is over; whether there were any. */
    boolean expire(long nowNanos) {
        boolean any = false;
        while (!byEnd.isEmpty() && byEnd.first().untilNanos - nowNanos <= 0) {
            giveUp(byEnd.first());
            any = true;
        }
        return any;
    }

    /** Ends claims at a worker, the first to end first, until at most so many blocks are claimed. */
    void shrink(WorkerId worker, int mostBlocks) {
        int slot = slot(worker);
        List<Away> here = new ArrayList<>();
        if (blocks[slot] > mostBlocks) {
            byEnd.stream().filter(away -> away.slot == slot).forEach(here::add);
        }
        for (Away away : here) {
            if (blocks[slot] > mostBlocks) {
                giveUp(away);
            }
        }
    }

    private void giveUp(Away away) {
        if (away.claims) {
            away.claims = false;
            sharedPrompt = null;
            byEnd.remove(away);
            blocks[away.slot] -= prefixes.remove(away.prompt, away.slot, false);
        }
    }

    private int slot(WorkerId worker) {
        int slot = slots.computeIfAbsent(worker, same -> slots.size());
        if (slot >= blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * slot);
        }
        return slot;
    }
}
