/** Recorded workloads: files of several formats, read into one shape. */
@NullMarked
package replay.trace;

import org.jspecify.annotations.NullMarked;
