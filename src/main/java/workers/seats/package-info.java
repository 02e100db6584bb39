/**
 * Who sits where in an engine whose slots are private caches, and what each slot holds.
 *
 * <p>Pure bookkeeping. Knows neither how an engine is told nor who asks; an engine of this kind tells nothing of its cache, so what
 * stands here is inferred from what was sent to it.
 */
@NullMarked
package workers.seats;

import org.jspecify.annotations.NullMarked;
