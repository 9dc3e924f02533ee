package io.trapline.node.shard;

import io.trapline.node.protocol.ShardMessage;

/**
 * Asks a shard to check or move its piece of a buffer that another shard's access names.
 *
 * @param shard which one asks
 * @param call its number for what it asks
 * @param index which piece of the buffer this is
 */
public record BufferAsk(int shard, long call, int index, BufferMove piece) implements ShardMessage.BetweenShards {}
