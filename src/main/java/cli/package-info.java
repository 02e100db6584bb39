/**
 * The {@code holdfast} command: one class per subcommand, and what its user sees.
 *
 * <p>Knows how to start the node, replay and engines; decides nothing about turns.
 */
@NullMarked
package cli;

import org.jspecify.annotations.NullMarked;
