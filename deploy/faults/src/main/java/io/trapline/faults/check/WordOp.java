package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Span;
import io.trapline.model.Pure;

/**
 * A call that reads or writes one word.
 *
 * @param when at a time of this it takes effect
 * @param isQueued a server had it queued, and it took effect for the guest before it did in the page (F3)
 * @param order operations of the same order take effect by {@code sequence}; {@link #NO_ORDER} = of none
 */
@Pure
record WordOp(Event.WordCall call, Span when, Effect effect, boolean isQueued, long order, long sequence) {
    static final long NO_ORDER = -1;

    /** Whether it takes effect. */
    enum Effect {
        CERTAIN,
        /** It may, once. */
        POSSIBLE,
        NONE
    }

    boolean write() {
        return call.write();
    }

    long value() {
        return call.value();
    }

    /** Whether that one takes effect later. */
    boolean isBefore(WordOp other) {
        return when.isBefore(other.when) || (order != NO_ORDER && order == other.order && sequence < other.sequence);
    }

    @Override
    public String toString() {
        return call.toString();
    }
}
