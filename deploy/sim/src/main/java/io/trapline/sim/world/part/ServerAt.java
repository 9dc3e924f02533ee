package io.trapline.sim.world.part;

import io.trapline.node.protocol.Life;

/** A server, and the life of a node that has its ioreqs as far as somebody knows. */
public record ServerAt(ServerName name, Life home) {}
