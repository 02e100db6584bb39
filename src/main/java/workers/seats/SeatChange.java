package workers.seats;

import kv.KvEvent;

/**
 * A change of what one seat holds.
 *
 * <p>Thread-safety: immutable.
 *
 * @param seat whose cache it is: a seat is to an engine with private slots what a data-parallel rank is to others
 */
public record SeatChange(int seat, KvEvent event) {}
