package io.trapline.faults.workload;

import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import java.util.ArrayList;
import java.util.List;

/**
 * Where things are in the domain of a workload. It has two shards (1 GiB each at least). Plain pages are everybody's. A word of a page that is typed has one
 * vCPU that writes it: an emulator that is passed a write again, as another run, stores the same value again (F6), and nobody else's must be lost by that.
 */
final class Layout {
    static final int VCPUS = 4;
    static final int SERVERS = 3;
    static final int TYPES = 2;

    private static final int WORD_BYTES = 8;
    private static final int WORDS_OF_A_VCPU = 2;
    private static final int SHARED_WORDS = 4;
    private static final long SECOND_SHARD = 1L << 18;

    static final long NR_PAGES = SECOND_SHARD + 16;

    /**
     * A page.
     *
     * @param x of the ioreq_server[x] that it becomes now and then; -1 = never
     */
    record Page(Gfn gfn, int x) {
        boolean isPlain() {
            return x < 0;
        }

        Gpa word(int number) {
            return new Gpa(gfn.value() * 4096 + (long) number * WORD_BYTES);
        }

        int words() {
            return isPlain() ? SHARED_WORDS : VCPUS * WORDS_OF_A_VCPU;
        }

        /** The words that a vCPU may write. */
        int ownWord(int vcpu, int choice) {
            return isPlain() ? choice % SHARED_WORDS : vcpu * WORDS_OF_A_VCPU + choice % WORDS_OF_A_VCPU;
        }
    }

    static final List<Page> PAGES = List.of(
            new Page(new Gfn(1), -1),
            new Page(new Gfn(SECOND_SHARD + 1), -1),
            new Page(new Gfn(2), 0),
            new Page(new Gfn(3), 1),
            new Page(new Gfn(SECOND_SHARD + 2), 0));

    static final List<Page> PLAIN = PAGES.stream().filter(Page::isPlain).toList();
    static final List<Page> TYPED =
            PAGES.stream().filter(page -> !page.isPlain()).toList();

    private Layout() {}

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
}
