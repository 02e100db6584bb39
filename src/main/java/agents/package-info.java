/**
 * One durable actor per agent session, and one short-lived actor per request. Knows no dialect; never holds a prompt's text
 * longer than its turn.
 */
@NullMarked
package agents;

import org.jspecify.annotations.NullMarked;
