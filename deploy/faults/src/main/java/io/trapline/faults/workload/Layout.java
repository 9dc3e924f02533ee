package io.trapline.faults.workload;

import io.trapline.faults.history.Reps;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import java.util.ArrayList;
import java.util.List;

/**
 * Where things are in the domain of a workload. It has two shards (1 GiB each at least). Plain pages are everybody's, guarded ones drop the writes of guests
 * now and then. A word of a page that is typed has one vCPU that writes it: an emulator that is passed a write again, as another run, stores the same value
 * again (F6), and nobody else's must be lost by that.
 */
final class Layout {
    static final int VCPUS = 4;
    static final int SERVERS = 3;
    static final int TYPES = 2;
    private static final int PAGE_BYTES = 4096;
    private static final int WORDS_OF_A_VCPU = 2;
    private static final int SHARED_WORDS = 4;
    private static final int OWNED_WORDS = VCPUS * WORDS_OF_A_VCPU;
    private static final long SECOND_SHARD = 1L << 18;
    static final long NR_PAGES = SECOND_SHARD + 16;

    /** What becomes of a page now and then. */
    enum Kind {
        /** It stays ram_rw. */
        PLAIN,
        /** ram_ro or mmio_write_dm. */
        GUARDED,
        /** ioreq_server[x]. */
        TYPED
    }

    /**
     * A page.
     *
     * @param x of the ioreq_server[x] that it becomes, where it is typed
     * @param isAtEnd whether its words are its last ones, so that the next page's follow
     */
    record Page(Gfn gfn, Kind kind, int x, boolean isAtEnd) {
        Gpa word(int number) {
            long first = isAtEnd ? PAGE_BYTES - (long) words() * Reps.WORD_BYTES : 0;
            return new Gpa(gfn.value() * PAGE_BYTES + first + (long) number * Reps.WORD_BYTES);
        }

        int words() {
            return kind == Kind.TYPED ? OWNED_WORDS : SHARED_WORDS;
        }

        /** The words that a vCPU may write: so many from this one on. Behind a page with its words at the end the last vCPU's words come first. */
        int firstOwn(int vcpu) {
            int place = isAtEnd || kind != Kind.TYPED ? vcpu : VCPUS - 1 - vcpu;
            return kind == Kind.TYPED ? place * WORDS_OF_A_VCPU : 0;
        }

        int own() {
            return kind == Kind.TYPED ? WORDS_OF_A_VCPU : SHARED_WORDS;
        }
    }

    private static final Page LAST_WORDS = new Page(new Gfn(3), Kind.TYPED, 1, true);
    private static final Page NEXT_WORDS = new Page(new Gfn(4), Kind.TYPED, 0, false);
    static final List<Page> PAGES = List.of(
            new Page(new Gfn(1), Kind.PLAIN, 0, false),
            new Page(new Gfn(SECOND_SHARD + 1), Kind.PLAIN, 0, false),
            new Page(new Gfn(6), Kind.GUARDED, 0, false),
            new Page(new Gfn(2), Kind.TYPED, 0, false),
            LAST_WORDS,
            NEXT_WORDS,
            new Page(new Gfn(SECOND_SHARD + 2), Kind.TYPED, 0, false));
    static final List<Page> PLAIN = of(Kind.PLAIN);
    static final List<Page> GUARDED = of(Kind.GUARDED);
    static final List<Page> TYPED = of(Kind.TYPED);

    private Layout() {}

    private static List<Page> of(Kind kind) {
        return PAGES.stream().filter(page -> page.kind() == kind).toList();
    }

    /** Every word that anybody writes. */
    static List<Gpa> words() {
        List<Gpa> words = new ArrayList<>();
        for (Page page : PAGES) {
            for (int i = 0; i < page.words(); i++) {
                words.add(page.word(i));
            }
        }
        return words;
    }

    /** Words one behind the other, the lowest first, that the vCPU may write with one REP; of the last vCPU also some on two pages of different types. */
    static List<Reps> reps(int vcpu) {
        List<Reps> all = new ArrayList<>();
        for (Page page : PAGES) {
            all.add(new Reps(page.word(page.firstOwn(vcpu)).value(), page.own(), false));
        }
        if (vcpu == VCPUS - 1) {
            all.add(new Reps(LAST_WORDS.word(LAST_WORDS.firstOwn(vcpu)).value(), 2 * WORDS_OF_A_VCPU, false));
        }
        return all;
    }
}
