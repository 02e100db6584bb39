/**
 * What a session does about its future: how long a tool call will keep it away, and what of its prompt is worth keeping
 * meanwhile.
 *
 * <p>Pure: state, input and time in, decisions out. Knows nothing of actors, of the store or of HTTP.
 */
@NullMarked
package agents.plan;

import org.jspecify.annotations.NullMarked;
