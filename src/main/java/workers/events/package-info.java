/**
 * What engines say about their caches: decoding of their event streams, order and gaps, and the map from their hashes to
 * ours. Pure: bytes, numbers and tokens in, {@link kv.KvEvent}s out; knows neither sockets nor actors.
 */
@NullMarked
package workers.events;

import org.jspecify.annotations.NullMarked;
