/** Where a turn runs, when, and what stays cached: actors. Never reads HTTP. */
@NullMarked
package router;

import org.jspecify.annotations.NullMarked;
