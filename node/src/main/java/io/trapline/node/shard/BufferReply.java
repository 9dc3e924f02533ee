package io.trapline.node.shard;

import io.trapline.node.protocol.ShardMessage;

/**
 * A shard has done what a {@link BufferAsk} asks, or refuses.
 *
 * @param bytes what the piece holds, where that was asked for
 */
public record BufferReply(long call, int index, boolean ok, byte[] bytes) implements ShardMessage.BetweenShards {}
