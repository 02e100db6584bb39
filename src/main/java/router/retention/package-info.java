/**
 * The ledger of retention leases: who promised to keep which prefix, what was asked of which worker, what the worker
 * acknowledged, and what was seen since. Pure: operations take a book, an input and a time and answer events and orders.
 */
@NullMarked
package router.retention;

import org.jspecify.annotations.NullMarked;
