package workers.seats;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import kv.Hold;
import kv.KvEvent;
import kv.Prefix;
import kv.PromptBlocks;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * The seats of one engine.
 *
 * <p>A user, a turn or a command, gets the free seat that costs least:
 *
 * <ol>
 *   <li>one that holds the expected prefix and nothing else: a conversation comes back to its own;
 *   <li>an empty one, although computing a beginning that others share costs more at once: who sits down on another's conversation
 *       takes its end away, and every turn of the two would do so again;
 *   <li>one that holds more of the prompt than would be lost with it; else the one that was given back longest ago;
 *   <li>only then one with held prefixes that stand nowhere else, the least dense first: a hold never keeps a turn out.
 * </ol>
 *
 * <ul>
 *   <li>I1: a user has at most one seat and a seat at most one user.
 *   <li>I2: applying the changes in order to an empty cache per seat gives what the seats hold.
 *   <li>I3: a seat that was taken holds at most the expected prefix until it is filled.
 *   <li>I4: a held prefix is given up only when every free seat would give one up.
 * </ul>
 *
 * <p>Cost of taking one: seats times holds. Mutable, not thread safe.
 */
public final class SeatTable {
    private static final int OWN = 0;
    private static final int EMPTY = 1;
    private static final int USEFUL = 2;
    private static final int STRANGE = 3;

    private final List<SeatRow> rows = new ArrayList<>();
    private long freed;

    /** @param seats 0 for an engine without */
    public SeatTable(int seats) {
        for (int i = 0; i < seats; i++) {
            rows.add(new SeatRow(i));
        }
    }

    public int seats() {
        return rows.size();
    }

    /**
     * Gives a user a seat, or the one that it has.
     *
     * @param expected leading blocks of what it will compute that are believed to be here, null for none
     * @param holds what should rather stay
     * @param yielding whether held prefixes may be given up for it
     * @return empty when no seat is free, or none that need not be yielded
     */
    public Optional<Taken> take(String user, @Nullable Prefix expected, List<Hold> holds, boolean yielding) {
        Optional<SeatRow> present = of(user);
        if (present.isPresent()) {
            return Optional.of(new Taken(present.get().number, present.get().blocks(), List.of()));
        }
        return cheapest(expected, holds, yielding).map(row -> {
            row.user = user;
            int kept = kept(row, expected);
            return new Taken(row.number, kept, row.cut(kept));
        });
    }

    /** Gives a user a free seat that holds a prefix, as it is; empty when there is none or it is not free. */
    public Optional<Integer> takeHolding(String user, Prefix prefix) {
        Optional<SeatRow> row = freeRow(prefix);
        row.ifPresent(each -> each.user = user);
        return row.map(each -> each.number);
    }

    /** A free seat that holds a prefix, which stays free. */
    public Optional<Integer> freeHolding(Prefix prefix) {
        return freeRow(prefix).map(row -> row.number);
    }

    private Optional<SeatRow> freeRow(Prefix prefix) {
        return rows.stream()
                .filter(row -> row.user == null && row.holds(prefix))
                .findFirst();
    }

    /** The longest beginning of a prompt that a free seat holds, null for none. */
    public @Nullable Prefix longest(PromptBlocks prompt) {
        int blocks = rows.stream()
                .filter(row -> row.user == null)
                .mapToInt(row -> row.shared(prompt))
                .max()
                .orElse(0);
        return blocks == 0 ? null : new Prefix(blocks, new SequenceHash(prompt.hashAt(blocks - 1)));
    }

    /** Whether a seat holds a prefix, free or not. */
    public boolean holds(Prefix prefix) {
        return rows.stream().anyMatch(row -> row.holds(prefix));
    }

    /**
     * A user's seat has computed more of its prompt.
     *
     * @param from blocks before these; the call does nothing unless that is what the seat holds
     */
    public List<SeatChange> filled(String user, int from, long[] hashes) {
        return of(user).filter(row -> row.blocks() == from)
                .map(row -> row.extend(hashes))
                .orElse(List.of());
    }

    /** What a user's seat holds is not known any more, or nothing. */
    public List<SeatChange> emptied(String user) {
        return of(user).map(row -> row.cut(0)).orElse(List.of());
    }

    /** A user gives its seat back; nothing happens when it has none. */
    public void free(String user) {
        of(user).ifPresent(row -> {
            row.user = null;
            row.freedAt = ++freed;
        });
    }

    /** Whether any seat holds a block. */
    public boolean holds(long hash) {
        return rows.stream().anyMatch(row -> row.holds(hash));
    }

    /** The block before one that some seat holds; empty when it opens a prompt. */
    public OptionalLong before(long hash) {
        return rows.stream()
                .filter(row -> row.holds(hash))
                .findFirst()
                .map(row -> row.before(hash))
                .orElse(OptionalLong.empty());
    }

    /** Everything the seats hold, as the events that lead there. */
    public Map<Integer, List<KvEvent>> snapshot() {
        Map<Integer, List<KvEvent>> snapshot = new TreeMap<>();
        rows.forEach(row -> snapshot.put(row.number, row.snapshot()));
        return snapshot;
    }

    /** Seats that somebody uses or that hold something. */
    public int taken() {
        return (int) rows.stream()
                .filter(row -> row.user != null || row.blocks() > 0)
                .count();
    }

    /** Blocks that the seats hold, each as often as it is held. */
    public int blocks() {
        return rows.stream().mapToInt(SeatRow::blocks).sum();
    }

    private Optional<SeatRow> of(String user) {
        return rows.stream().filter(row -> user.equals(row.user)).findFirst();
    }

    private Optional<SeatRow> cheapest(@Nullable Prefix expected, List<Hold> holds, boolean yielding) {
        List<SeatRow> free = rows.stream().filter(row -> row.user == null).toList();
        Comparator<SeatRow> longestIdle = Comparator.comparingLong(row -> row.freedAt);
        Optional<SeatRow> unheld = free.stream()
                .filter(row -> given(row, expected, holds).isEmpty())
                .min(Comparator.<SeatRow>comparingInt(row -> rank(row, expected))
                        .thenComparingInt(row -> rank(row, expected) == USEFUL ? row.blocks() : 0)
                        .thenComparing(longestIdle));
        if (unheld.isPresent() || !yielding) {
            return unheld;
        }
        return free.stream()
                .min(Comparator.<SeatRow>comparingDouble(
                                row -> given(row, expected, holds).orElse(0))
                        .thenComparing(longestIdle));
    }

    private static int rank(SeatRow row, @Nullable Prefix expected) {
        int kept = kept(row, expected);
        int lost = row.blocks() - kept;
        if (lost == 0) {
            return kept > 0 ? OWN : EMPTY;
        }
        return lost <= kept ? USEFUL : STRANGE;
    }

    private static int kept(SeatRow row, @Nullable Prefix expected) {
        return expected != null && row.holds(expected) ? expected.blocks() : 0;
    }

    /** Density of the densest hold that would be lost with a seat; empty when none would. */
    private OptionalDouble given(SeatRow row, @Nullable Prefix expected, List<Hold> holds) {
        int kept = kept(row, expected);
        return holds.stream()
                .filter(hold -> hold.prefix().blocks() > kept && row.holds(hold.prefix()))
                .filter(hold -> others(row).noneMatch(other -> other.holds(hold.prefix())))
                .mapToDouble(Hold::density)
                .max();
    }

    private Stream<SeatRow> others(SeatRow row) {
        return rows.stream().filter(other -> other != row);
    }
}
