package io.trapline.node.p2m;

import io.trapline.model.Pure;

/** What decides an access of one domain at one revision. */
@Pure
public final class DecisionTable {}
