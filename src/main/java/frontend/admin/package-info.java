/** The operators' HTTP interface: sessions, workers, explanations. Its queries are a port, bound in {@code cluster}. */
@NullMarked
package frontend.admin;

import org.jspecify.annotations.NullMarked;
