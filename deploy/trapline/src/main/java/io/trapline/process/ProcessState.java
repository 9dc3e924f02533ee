package io.trapline.process;

import java.util.Locale;

/** What a coordinator's or node's process is doing, as it and its supervisor tell it. */
public enum ProcessState {
    /** It does not take part yet. */
    STARTING,
    /** A coordinator that waits for the others to form the cluster; a node without a lease: its calls are refused with EAGAIN. */
    WAITING,
    /** A coordinator that leads. */
    LEADING,
    /** A coordinator that follows a leader. */
    FOLLOWING,
    /** A node with a lease. */
    SERVING,
    /** A node that was asked to end, and whose parts go elsewhere first. */
    DRAINING,
    /** Its process has ended. */
    DEAD;

    /** In lower case, as it is printed. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it does what it is there for. */
    public boolean isUp() {
        return this == LEADING || this == FOLLOWING || this == SERVING;
    }
}
