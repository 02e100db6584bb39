/**
 * Wiring: the node, its settings, and the processes a one-command node brings along (session store, simulated engines).
 *
 * <p>Knows every room of the house but replay and the command line.
 */
@NullMarked
package cluster;

import org.jspecify.annotations.NullMarked;
