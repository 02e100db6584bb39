/** Placement of turns: index match, load, queue and strategy composed. Pure; actors and replay both call it. */
@NullMarked
package router.placement;

import org.jspecify.annotations.NullMarked;
