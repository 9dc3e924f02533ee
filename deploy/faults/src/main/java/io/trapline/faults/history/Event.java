package io.trapline.faults.history;

import io.trapline.model.Pure;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

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

    /** Something that happened in a domain. */
    sealed interface InDomain extends Event {
        /** The domain; where its id was used more than once, a number that no other life of the id has. */
        int domid();
    }

    /** A call that reads or writes words. */
    sealed interface WordCall extends Call, InDomain {
        /** Whether it writes. */
        boolean write();

        /** The gpa of the word, or of the first one, in bytes. */
        long address();

        /** What it writes, or has read. */
        long value();
    }

    /**
     * A domain is created (D1).
     *
     * @param id the domain's id, which others may have had before and may have later
     * @param generation where it is done
     * @param replicated whether its memory has a second copy (D4)
     */
    record Created(int domid, int id, long generation, boolean replicated, Span span, Outcome outcome)
            implements Call, InDomain {
        public Created {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }
    }

    /**
     * A domain is destroyed, with its servers (D1, S4).
     *
     * @param revision at which it ended, where it is done
     */
    record Destroyed(int domid, long revision, Span span, Outcome outcome) implements Call, InDomain {
        public Destroyed {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }
    }

    /** A vCPU was opened (A6): under which epoch. */
    record Opened(int domid, int vcpu, long epoch, Span span) implements InDomain {
        public Opened {
            Objects.requireNonNull(span, "span");
        }
    }

    /**
     * A guest's access to one word, or a REP to several (A1).
     *
     * @param address of the first repetition
     * @param count of repetitions
     * @param df whether their addresses descend
     * @param posted whether the write may be buffered (F3)
     * @param value what each repetition writes, or the last one has read
     */
    record Access(
            int domid,
            int vcpu,
            long epoch,
            long sequence,
            boolean write,
            long address,
            int count,
            boolean df,
            boolean posted,
            long value,
            Span span,
            Outcome outcome)
            implements WordCall {
        public Access {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
            Reps.check(count);
        }

        /** One word, and nothing buffered. */
        public Access(
                int domid,
                int vcpu,
                long epoch,
                long sequence,
                boolean write,
                long address,
                long value,
                Span span,
                Outcome outcome) {
            this(domid, vcpu, epoch, sequence, write, address, 1, false, false, value, span, outcome);
        }

        /** The words it goes through. */
        public Reps reps() {
            return new Reps(address, count, df);
        }

        /** What names it (A4). */
        public AccessKey key() {
            return new AccessKey(domid, vcpu, epoch, sequence);
        }

        @Override
        public String toString() {
            return "vCPU " + vcpu + "@" + epoch + "#" + sequence + " " + (posted ? "posts, " : "")
                    + Event.words(write, reps(), value) + ", " + span + ", " + outcome;
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
            return client + " " + Event.words(write, new Reps(address, 1, false), value) + ", " + span + ", " + outcome;
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
            implements Call, InDomain {
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
            implements Call, InDomain {
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
    record Enabling(int domid, int server, boolean enabled, Span span, Outcome outcome) implements Call, InDomain {
        public Enabling {
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }
    }

    /** Pages get types, all of them or none (T6). */
    record Typing(int domid, List<PageRun> runs, Span span, Outcome outcome) implements Call, InDomain {
        public Typing {
            runs = List.copyOf(runs);
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }

        /** One run; {@code type} as in {@link PageRun}. */
        public Typing(int domid, long firstGfn, long count, int type, Span span, Outcome outcome) {
            this(domid, List.of(new PageRun(firstGfn, count, type)), span, outcome);
        }

        @Override
        public String toString() {
            return runs.stream().map(PageRun::toString).collect(Collectors.joining(" and ")) + ", " + span + ", "
                    + outcome;
        }
    }

    /** The types of pages were listed: type by gfn, as in {@link PageRun}. */
    record ListedTypes(int domid, Map<Long, Integer> types, Span span, Outcome outcome) implements Call, InDomain {
        public ListedTypes {
            types = Map.copyOf(types);
            Objects.requireNonNull(span, "span");
            Objects.requireNonNull(outcome, "outcome");
        }
    }

    /** The claims of a domain were listed (C8): server by x. */
    record Listed(int domid, Map<Integer, Integer> holders, Span span, Outcome outcome) implements Call, InDomain {
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
     * @param address of the first repetition
     * @param count of repetitions
     * @param df whether their addresses descend
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
            int count,
            boolean df,
            long value,
            Span span)
            implements InDomain {
        public CarriedOut {
            Objects.requireNonNull(span, "span");
            Reps.check(count);
        }

        /** One word. */
        public CarriedOut(
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
                Span span) {
            this(
                    domid,
                    server,
                    run,
                    vcpu,
                    epoch,
                    sequence,
                    part,
                    isRedelivered,
                    isAbandoned,
                    write,
                    address,
                    1,
                    false,
                    value,
                    span);
        }

        /** The words it goes through. */
        public Reps reps() {
            return new Reps(address, count, df);
        }

        /** Of which access. */
        public AccessKey key() {
            return new AccessKey(domid, vcpu, epoch, sequence);
        }

        @Override
        public String toString() {
            return "run " + Long.toHexString(run) + " of server " + server + " "
                    + (isAbandoned ? "gives up" : "carries out") + " vCPU " + vcpu + "@" + epoch + "#" + sequence + " "
                    + Event.words(write, reps(), value) + (isRedelivered ? " redelivered" : "") + ", " + span;
        }
    }

    /** From here on nobody holds a type of the domain: what its servers had taken has been carried out, posted writes included (C5, F3). */
    record AllReleased(int domid, Span span) implements InDomain {
        public AllReleased {
            Objects.requireNonNull(span, "span");
        }
    }

    /**
     * Something was broken on purpose.
     *
     * @param kind of fault
     * @param target what it hit
     * @param endsNodes whether a node's process came to its end by it, and with it the memory that only this node had (D4)
     * @param effect what it caused, by its own measure; empty = nothing, which proves nothing
     * @param span until it was healed
     */
    record Fault(String kind, String target, boolean endsNodes, String effect, Span span) implements Event {
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

    private static String words(boolean write, Reps reps, long value) {
        return (write ? "writes " : "reads ") + reps + " = " + value;
    }
}
