/**
 * What one worker promises to keep: holds with deadlines, their budget, who yields to whom.
 *
 * <p>Pure bookkeeping in blocks and nanoseconds of a clock that the caller reads. Knows neither how an engine is told nor
 * why a lease was asked for.
 */
@NullMarked
package workers.holds;

import org.jspecify.annotations.NullMarked;
