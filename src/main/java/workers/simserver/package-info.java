/**
 * The simulated engine as a process of its own: the core of {@link workers.sim} under a wall clock, behind the protocols of
 * a real engine (OpenAI-compatible HTTP with server-sent events, KV events on ZeroMQ, Prometheus metrics).
 *
 * <p>Must not know that a router exists, nor use Akka: it starts fast and stays small.
 */
@NullMarked
package workers.simserver;

import org.jspecify.annotations.NullMarked;
