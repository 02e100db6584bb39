/**
 * An inference engine without a GPU: scheduler, block pool and costs in virtual time, deterministic.
 *
 * <p>Pure: no threads, no clock, no I/O. Knows nothing of text, of wire formats or of routing.
 */
@NullMarked
package workers.sim;

import org.jspecify.annotations.NullMarked;
