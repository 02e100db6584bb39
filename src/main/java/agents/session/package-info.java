/**
 * What an agent session is: its lines of prompts, its turns, its phase, and the durable events it is rebuilt from. Also the
 * prompt itself: from messages to blocks.
 *
 * <p>Pure: knows no actor, clock or store. The events and {@link agents.session.SessionState} are the durable schema; old
 * bytes must stay readable.
 */
@NullMarked
package agents.session;

import org.jspecify.annotations.NullMarked;
