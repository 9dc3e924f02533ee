package io.trapline.faults.history;

import io.trapline.model.Pure;
import java.util.Map;
import java.util.Objects;

/**
 * One thing that a client did or saw. Every word of guest memory is 8 bytes at an aligned gpa, and no two writes of a history store the same value, so that a
 * read says which write it saw; a word that nobody wrote holds 0.
 */
@Pure
public sealed interface Event {
    /** When it was. */
    Span span();

    /** Something that a client asked for: it has an outcome. */
    sealed interface Call extends Event {
        /** What became of it. */
        Outcome outcome();
    }

    /** A call that reads or writes a word. */
    sealed interface WordCall extends Call {
        /** The domain. */
        int domid();

        /** Whether it writes. */
        boolean write();

        /** The word's gpa in bytes. */
        long address();

        /** What it writes, or has read. */
        long value();
    }

    /** A vCPU was opened (A6): under which epoch. */
    record Opened(int domid, int vcpu, long epoch, Span span) implements Event {
        public Opened {
            Objects.requireNonNull(span, "span");
        }
    }

    /** A guest's access to a word (A1). */
    record Access(
            int domid,
            int vcpu,
            long epoch,
            long sequence,
            boolean write,
            long address,
            long value,
            Span span,
            Outcome outcome)
            implements WordCall {
        public Access {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }

        /** What names it (A4). */
        public AccessKey key() {
            return new AccessKey(domid, vcpu, epoch, sequence);
        }

        @Override
        public String toString() {
            return "vCPU " + vcpu + "@" + epoch + "#" + sequence + " " + Event.word(write, address, value) + ", " + span
                    + ", " + outcome;
        }
    }

    /** An operator's memory call for a word, which no claim intercepts (F2). */
    record Memory(String client, int domid, boolean write, long address, long value, Span span, Outcome outcome)
            implements WordCall {
        public Memory {
            Objects.requireNonNull(client, "client");
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }

        @Override
        public String toString() {
            return client + " " + Event.word(write, address, value) + ", " + span + ", " + outcome;
        }
    }

    /**
     * A claim (C1).
     *
     * @param flags of {@link io.trapline.model.AccessFlags}
     * @param epoch of the claim, where it is done
     * @param holder the id that an EBUSY names, or -1
     */
    record Claim(int domid, int server, int x, int flags, long epoch, int holder, Span span, Outcome outcome)
            implements Call {
        public Claim {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }

        @Override
        public String toString() {
            return "server " + server + " claims ioreq_server[" + x + "] flags " + flags + " epoch " + epoch + ", "
                    + span + ", " + outcome + (holder < 0 ? "" : " by " + holder);
        }
    }

    /**
     * A release that waits for its drain (C5).
     *
     * @param reset whether the pages of the type become ram_rw
     * @param revision of the release, where it is done
     */
    record Release(int domid, int server, int x, boolean reset, long revision, Span span, Outcome outcome)
            implements Call {
        public Release {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }

        @Override
        public String toString() {
            return "server " + server + " releases ioreq_server[" + x + "] revision " + revision + ", " + span + ", "
                    + outcome;
        }
    }

    /** A server is enabled, or disabled with its drain waited for (S2). */
    record Enabling(int domid, int server, boolean enabled, Span span, Outcome outcome) implements Call {
        public Enabling {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }
    }

    /**
     * Pages get a type (T6).
     *
     * @param x of ioreq_server[x], or -1 for ram_rw
     */
    record Typing(int domid, long firstGfn, long count, int x, Span span, Outcome outcome) implements Call {
        public Typing {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }

        @Override
        public String toString() {
            return "gfn " + firstGfn + " x " + count + " becomes " + (x < 0 ? "ram_rw" : "ioreq_server[" + x + "]")
                    + ", " + span + ", " + outcome;
        }
    }

    /** The claims of a domain were listed (C8): server by x. */
    record Listed(int domid, Map<Integer, Integer> holders, Span span, Outcome outcome) implements Call {
        public Listed {
            holders = Map.copyOf(holders);
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }
    }

    /**
     * A run of an emulator has carried an ioreq out, by its own record.
     *
     * @param part which part of the access
     * @param isRedelivered whether it was marked so (F6)
     * @param isAbandoned it was refused while it was at work: nothing was carried out (F2)
     * @param value what the guest writes, or what the emulator answers
     */
    record CarriedOut(
            int domid,
            int server,
            long run,
            int vcpu,
            long epoch,
            long sequence,
            int part,
            boolean isRedelivered,
            boolean isAbandoned,
            boolean write,
            long address,
            long value,
            Span span)
            implements Event {
        public CarriedOut {
            Objects.requireNonNull(span, "span");
        }

        /** Of which access. */
        public AccessKey key() {
            return new AccessKey(domid, vcpu, epoch, sequence);
        }

        @Override
        public String toString() {
            return "run " + Long.toHexString(run) + " of server " + server + " "
                    + (isAbandoned ? "gives up" : "carries out") + " vCPU " + vcpu + "@" + epoch + "#" + sequence + " "
                    + Event.word(write, address, value) + (isRedelivered ? " redelivered" : "") + ", " + span;
        }
    }

    /**
     * Something was broken on purpose.
     *
     * @param kind of fault
     * @param target what it hit
     * @param effect what it caused, by its own measure; empty = nothing, which proves nothing
     * @param span until it was healed
     */
    record Fault(String kind, String target, String effect, Span span) implements Event {
        public Fault {
            Objects.requireNonNull(kind, "kind");
            Objects.requireNonNull(target, "target");
            Objects.requireNonNull(effect, "effect");
            Objects.requireNonNull(span, "span");
        }
    }

    /** From here on nothing is broken any more: whatever begins after it must succeed. */
    record Healed(Span span) implements Event {
        public Healed {
            Objects.requireNonNull(span, "span");
        }
    }

    /** There was no room for more: what is recorded is not all that happened. */
    record CutShort(Span span) implements Event {
        public CutShort {
            Objects.requireNonNull(span, "span");
        }
    }

    private static String word(boolean write, long address, long value) {
        return (write ? "writes " : "reads ") + "0x" + Long.toHexString(address) + " = " + value;
    }
}
