/**
 * What is known of a worker from outside: its life, its load, what its engine is and can do, what work costs it.
 *
 * <p>Pure values, shared by workers and routers.
 */
@NullMarked
package workers.status;

import org.jspecify.annotations.NullMarked;
