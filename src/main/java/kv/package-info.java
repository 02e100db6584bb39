/**
 * What a KV block is and who holds it: hashes, lineage, tiers, events, and the prefix index.
 *
 * <p>Pure: no actors, no I/O, no clock. Knows nothing of prompts' text, of HTTP or of engines' wire formats.
 */
@NullMarked
package kv;

import org.jspecify.annotations.NullMarked;
