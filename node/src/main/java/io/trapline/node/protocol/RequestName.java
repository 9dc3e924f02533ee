package io.trapline.node.protocol;

import io.trapline.model.Pure;

/**
 * The request id under which a client makes a call that changes something, and what it asks for (section E). The first answer is kept where the call is decided, so
 * that a retry gets it whichever node it enters.
 *
 * @param session the client session
 * @param number which call of the session, 1 and up
 * @param acknowledgedThrough the client has the answers of all calls up to that number, 0 … number - 1
 * @param content a fingerprint of what is asked for: a number belongs to one request
 */
@Pure
public record RequestName(long session, long number, long acknowledgedThrough, long content) {}
