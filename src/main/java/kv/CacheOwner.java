package kv;

/**
 * One cache that can hold blocks: a data-parallel rank of a worker in one of its incarnations.
 *
 * <p>Thread-safety: immutable.
 *
 * @param rank data-parallel rank, from 0
 */
public record CacheOwner(WorkerId worker, Incarnation incarnation, int rank) {}
