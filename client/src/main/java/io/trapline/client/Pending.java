package io.trapline.client;

import java.util.concurrent.CompletableFuture;

/**
 * An access whose caller wants its own answer.
 *
 * @param future completed with it
 * @param isAwaited whether only a waiting thread hears of it, so that it may be completed anywhere
 */
record Pending(CompletableFuture<Long> future, boolean isAwaited) {}
