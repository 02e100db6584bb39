/** HTTP in: what all dialects share. Knows dialects, not the cluster. */
@NullMarked
package frontend;

import org.jspecify.annotations.NullMarked;
