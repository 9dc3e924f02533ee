package io.trapline.cli;

import io.trapline.v1.OnDegraded;

/** What changes of replicated memory do while it has one copy, as an option says it (D4). */
enum WhenDegraded {
    CONTINUE(OnDegraded.ON_DEGRADED_CONTINUE),
    WAIT(OnDegraded.ON_DEGRADED_WAIT);

    private final OnDegraded value;

    WhenDegraded(OnDegraded value) {
        this.value = value;
    }

    /** As the contract says it. */
    OnDegraded value() {
        return value;
    }
}
