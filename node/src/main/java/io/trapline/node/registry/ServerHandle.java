package io.trapline.node.registry;

import io.trapline.node.protocol.ServerMessage;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * An IOREQ server of a domain as this node's services see it.
 *
 * @param id 0 … 63
 * @param generation the revision at which it was created
 * @param principal who created it (S3)
 * @param actor where its emulator attaches
 */
public record ServerHandle(int id, long generation, String principal, ActorRef<ServerMessage> actor) {}
