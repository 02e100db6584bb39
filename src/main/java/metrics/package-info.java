/** Every metric of the product in one enum, over a Micrometer registry. No other package names a metric. */
@NullMarked
package metrics;

import org.jspecify.annotations.NullMarked;
