package io.trapline.node.protocol;

import io.trapline.model.Pure;

/**
 * A change that has caught ioreqs of a server, which are to be completed or decided again (F5).
 *
 * @param revision the revision of the change; the drain's name
 * @param x RELEASE of {@code ioreq_server[x]}; -1 = everything of the server
 * @param drainMillis how long a delivered ioreq may still be answered
 */
@Pure
public record Drain(long revision, int x, int drainMillis) {}
