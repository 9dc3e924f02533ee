package io.trapline.node.ioreq;

import io.trapline.model.Pure;

/** What a server has done since its node started; each is what the contract's {@code IoreqServerCounters} says under that name. */
@Pure
public record IoreqCounters(
        long delivered,
        long answered,
        long refusedAnswers,
        long redelivered,
        long timedOut,
        long decidedAgain,
        long inFlight,
        long postedWaiting) {}
