/** A recorded workload run again: in virtual time over simulated engines with production's placement, and its reports. */
@NullMarked
package replay;

import org.jspecify.annotations.NullMarked;
