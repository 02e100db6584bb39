/** A trace over HTTP: the same turns that are replayed offline, sent to a running node and measured from the client's side. */
@NullMarked
package replay.live;

import org.jspecify.annotations.NullMarked;
