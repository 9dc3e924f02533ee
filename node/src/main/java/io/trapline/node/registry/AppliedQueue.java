package io.trapline.node.registry;

import io.trapline.model.Pure;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the registry that a node's actors are applying. They may end in any order and are acknowledged in the order in which they came, so that
 * an acknowledged revision includes all before it (rule 0).
 *
 * @param <S> where a change came from
 */
@Pure
public final class AppliedQueue<S> {
    private final ArrayDeque<Entry<S>> entries = new ArrayDeque<>();

    /** One change. */
    public static final class Entry<S> {
        private final long revision;
        private final S source;
        private int owed = 1;

        private Entry(long revision, S source) {
            this.revision = revision;
            this.source = source;
        }

        /** The revision that it leads to. */
        public long revision() {
            return revision;
        }

        /** Where it came from. */
        public S source() {
            return source;
        }

        /** Something more must be done for it. */
        public void owe() {
            owed++;
        }

        /** Something that was owed is done. */
        public void done() {
            owed--;
        }
    }

    /** Begins one that owes one thing: to be told completely. */
    public Entry<S> begin(long revision, S source) {
        Entry<S> entry = new Entry<>(revision, source);
        entries.add(entry);
        return entry;
    }

    /** Takes the oldest change if it owes nothing any more. */
    public @Nullable Entry<S> take() {
        Entry<S> oldest = entries.peek();
        return oldest != null && oldest.owed == 0 ? entries.remove() : null;
    }
}
