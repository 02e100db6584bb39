package workers.seats;

import java.util.List;

/**
 * A seat that was taken.
 *
 * @param keptBlocks leading blocks of the prompt that it holds already
 * @param changes what it no longer holds
 */
public record Taken(int seat, int keptBlocks, List<SeatChange> changes) {
    public Taken {
        changes = List.copyOf(changes);
    }
}
