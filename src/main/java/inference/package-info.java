/**
 * A request and its answer in no dialect: content, tools, hints, cache control, usage, failures; tokenising and chat
 * templates.
 *
 * <p>Pure. Knows blocks ({@code kv}); must not know HTTP, JSON shapes of any dialect, actors or engines.
 */
@NullMarked
package inference;

import org.jspecify.annotations.NullMarked;
