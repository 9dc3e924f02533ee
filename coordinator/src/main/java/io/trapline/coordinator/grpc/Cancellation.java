package io.trapline.coordinator.grpc;

import org.jspecify.annotations.Nullable;

/** What to do when a client gives its call up; either side may come first. */
final class Cancellation {
    private @Nullable Runnable action;
    private boolean cancelled;

    synchronized void onCancel(Runnable what) {
        if (cancelled) {
            what.run();
        } else {
            action = what;
        }
    }

    synchronized void cancel() {
        cancelled = true;
        if (action != null) {
            action.run();
            action = null;
        }
    }
}
