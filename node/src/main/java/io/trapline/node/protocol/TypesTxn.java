package io.trapline.node.protocol;

import io.trapline.model.Pure;

/**
 * The name of a type call or write over several shards (T6).
 *
 * @param entry the life of a node that carries it out
 * @param number its own, another one for each
 */
@Pure
public record TypesTxn(Life entry, long number) {}
