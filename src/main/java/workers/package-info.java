/** One actor per engine, and the ports it uses. Never reads a dialect. */
@NullMarked
package workers;

import org.jspecify.annotations.NullMarked;
