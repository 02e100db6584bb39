/** Which worker a turn would best run on: one class per strategy, over a view of the candidates. Pure. */
@NullMarked
package router.strategy;

import org.jspecify.annotations.NullMarked;
