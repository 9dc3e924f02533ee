package io.trapline.node.protocol;

import io.trapline.model.Pure;

/**
 * The name of a type call or write over several shards (T6), or of what finishes one. Whoever carries out a domain's type calls later has a later term, and what it
 * does later a higher number: so names say which of two is the older one, at whichever shard they meet.
 *
 * @param term the epoch of the domain's first shard from which on that life has carried out the domain's type calls
 * @param entry the life of a node that carries it out; one a term
 * @param number its own, another one for each, ascending
 */
@Pure
public record TypesTxn(long term, Life entry, long number) {
    /** Whether it is the older one. */
    public boolean isBefore(TypesTxn other) {
        return term != other.term ? term < other.term : number < other.number;
    }
}
