package io.trapline.coordinator.lease;

import org.jspecify.annotations.Nullable;

/** What to do when a client gives its call up; either side may come first. */
public final class Cancellation {
    private @Nullable Runnable action;
    private boolean cancelled;

    /** {@code what} runs when it is cancelled, at once where it is; replaces what was to run. */
    public synchronized void onCancel(Runnable what) {
        if (cancelled) {
            what.run();
        } else {
            action = what;
        }
    }

    /** The client has given its call up. */
    public synchronized void cancel() {
        cancelled = true;
        if (action != null) {
            action.run();
            action = null;
        }
    }
}
