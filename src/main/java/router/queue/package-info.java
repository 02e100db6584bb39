/** What this router has in flight and what waits for a worker. Pure. */
@NullMarked
package router.queue;

import org.jspecify.annotations.NullMarked;
