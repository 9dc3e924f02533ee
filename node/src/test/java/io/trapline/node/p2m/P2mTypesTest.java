package io.trapline.node.p2m;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class P2mTypesTest {
    private static final long FIRST = 1L << 18;
    private static final int PAGES = 3 * 512 + 100;
    private static final long HOLE = FIRST + PAGES;

    private final CountingBudget budget = new CountingBudget(100);
    private final P2m p2m = new P2m(FIRST, Gfn.MAX, FIRST + PAGES, budget);

    private static TypeRun run(long first, long count, MemType type) {
        return new TypeRun(first, count, type);
    }

    private Errno refused(TypeRun... runs) {
        return p2m.checkTypes(List.of(runs)).orElseThrow().errno();
    }

    private void apply(TypeRun... runs) {
        assertThat(p2m.checkTypes(List.of(runs))).isEmpty();
        p2m.applyTypes(List.of(runs));
    }

    private List<String> listed() {
        List<String> text = new ArrayList<>();
        for (TypeRun run : p2m.listTypes(FIRST, 1L << 40, 4096)) {
            text.add((run.firstGfn() - FIRST) + "+" + run.count() + " "
                    + run.type().text());
        }
        return text;
    }

    @Test
    void beginsWithZeroedRamAndHolesAboveIt() { // T1
        assertThat(listed()).containsExactly("0+1636 ram_rw", "1636+" + ((1L << 40) - HOLE) + " hole");
        assertThat(p2m.read(FIRST << 12, 8)).isZero();
        assertThat(p2m.typeOf(HOLE - 1)).isEqualTo(MemType.RAM_RW.code());
        assertThat(p2m.typeOf(HOLE)).isEqualTo(MemType.HOLE.code());
        assertThat(p2m.typeOf(Gfn.MAX)).isEqualTo(MemType.HOLE.code());
        assertThat(budget.chunks()).isZero();
    }

    /** T4, T5: what a type may become. IOREQ_SERVER stands for any X, OTHER_X for another one. */
    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "RAM_RW,         RAM_RW RAM_RO MMIO_WRITE_DM MMIO_DM IOREQ_SERVER_0 IOREQ_SERVER_15",
        "RAM_RO,         RAM_RW RAM_RO MMIO_WRITE_DM MMIO_DM",
        "MMIO_WRITE_DM,  RAM_RW RAM_RO",
        "MMIO_DM,        MMIO_DM",
        "HOLE,           MMIO_DM",
        "IOREQ_SERVER_0, RAM_RW",
        "IOREQ_SERVER_15, RAM_RW",
    })
    void allowsTheseChangesAndNoOthers(MemType from, String allowed) {
        Set<String> may = Set.of(allowed.split(" "));
        for (MemType to : MemType.values()) {
            P2m fresh = new P2m(0, Gfn.MAX, 1000, new CountingBudget(0));
            long gfn = from == MemType.HOLE ? 1000 : 7;
            if (from != MemType.HOLE && from != MemType.RAM_RW) {
                fresh.applyTypes(List.of(run(gfn, 1, from)));
            }
            boolean isAllowed = may.contains(to.name())
                    || (to.isIoreqServer() && from == MemType.RAM_RW && may.contains("IOREQ_SERVER_0"));

            Optional<Refusal> refusal = fresh.checkTypes(List.of(run(gfn, 1, to)));

            assertThat(refusal.isEmpty()).as("%s → %s", from, to).isEqualTo(isAllowed);
            if (isAllowed) {
                fresh.applyTypes(List.of(run(gfn, 1, to)));
                assertThat(fresh.typeOf(gfn)).isEqualTo(to.code());
            } else {
                assertThat(refusal.orElseThrow().errno()).isEqualTo(Errno.EINVAL);
                assertThat(refusal.orElseThrow().metadata()).containsEntry("first_gfn", String.valueOf(gfn));
                assertThatThrownBy(() -> fresh.applyTypes(List.of(run(gfn, 1, to))))
                        .isInstanceOf(IllegalStateException.class);
                assertThat(fresh.typeOf(gfn)).isEqualTo(from.code());
            }
        }
    }

    @Test
    void namesTheFirstFrameThatRefusesAndChangesNothing() { // T6
        apply(run(FIRST + 700, 10, MemType.RAM_RO));
        apply(run(FIRST + 600, 5, MemType.IOREQ_SERVER_2));
        List<String> before = listed();

        // The whole shard may become IOREQ_SERVER_1 but for what is RAM_RO, and what is IOREQ_SERVER_2 comes first.
        Refusal refusal = p2m.checkTypes(List.of(
                        run(FIRST, 100, MemType.RAM_RO),
                        run(FIRST + 200, 1000, MemType.IOREQ_SERVER_1),
                        run(FIRST + 10, 1, MemType.IOREQ_SERVER_1)))
                .orElseThrow();

        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal.metadata()).containsEntry("first_gfn", String.valueOf(FIRST + 600));
        assertThat(refusal.message()).contains("ioreq_server[2] may not become ioreq_server[1]");
        assertThat(listed()).isEqualTo(before);
    }

    @Test
    void carriesRunsOutAsIfOneAfterTheOther() { // T6
        // Each of these is refused by itself, or by what another one makes of the page.
        apply(
                run(FIRST, 1000, MemType.RAM_RO),
                run(FIRST + 100, 100, MemType.RAM_RW),
                run(FIRST + 150, 10, MemType.IOREQ_SERVER_3),
                run(FIRST + 150, 5, MemType.RAM_RW),
                run(FIRST + 150, 5, MemType.IOREQ_SERVER_4),
                run(FIRST + 990, 20, MemType.MMIO_WRITE_DM),
                run(FIRST + 1005, 5, MemType.RAM_RW));

        assertThat(listed().subList(0, 8))
                .containsExactly(
                        "0+100 ram_ro",
                        "100+50 ram_rw",
                        "150+5 ioreq_server[4]",
                        "155+5 ioreq_server[3]",
                        "160+40 ram_rw",
                        "200+790 ram_ro",
                        "990+15 mmio_write_dm",
                        "1005+631 ram_rw");
        assertThat(refused(run(FIRST + 5, 1, MemType.MMIO_DM), run(FIRST + 5, 1, MemType.RAM_RW)))
                .as("what has become MMIO_DM stays so")
                .isEqualTo(Errno.EINVAL);
    }

    @ParameterizedTest
    @EnumSource(
            value = MemType.class,
            names = {"RAM_RW", "RAM_RO", "MMIO_WRITE_DM", "HOLE", "IOREQ_SERVER_0"})
    void refusesAnythingButMmioDmForAHole(MemType type) { // T5
        Refusal refusal = p2m.checkTypes(List.of(run(HOLE - 10, 20, type))).orElseThrow();

        long first = type == MemType.HOLE ? HOLE - 10 : HOLE;
        assertThat(refusal.metadata()).containsEntry("first_gfn", String.valueOf(first));
    }

    @Test
    void typesHolesUpToTheLastFrame() { // T5, T6
        apply(run(HOLE + 1000, 1L << 28, MemType.MMIO_DM));
        apply(run(Gfn.MAX, 1, MemType.MMIO_DM));
        apply(run(HOLE - 6, 26, MemType.MMIO_DM));
        apply(run(HOLE + 10, 20, MemType.MMIO_DM));

        assertThat(listed())
                .containsExactly(
                        "0+1630 ram_rw",
                        "1630+36 mmio_dm",
                        "1666+970 hole",
                        "2636+" + (1L << 28) + " mmio_dm",
                        (2636 + (1L << 28)) + "+" + (Gfn.MAX - FIRST - 2636 - (1L << 28)) + " hole",
                        (Gfn.MAX - FIRST) + "+1 mmio_dm");
        assertThat(refused(run(HOLE + 10, 1, MemType.RAM_RW))).isEqualTo(Errno.EINVAL);
    }

    @Test
    void limitsWhatScatteredTypesCost() { // T5, section L
        List<TypeRun> scattered = new ArrayList<>();
        for (int i = 0; i < 65_536; i++) {
            scattered.add(run(HOLE + 2L * i + 1, 1, MemType.MMIO_DM));
        }
        p2m.applyTypes(scattered);
        assertThat(p2m.checkTypes(List.of(run(HOLE + 2L * 65_536 + 1, 1, MemType.MMIO_DM)))
                        .orElseThrow()
                        .metadata())
                .containsEntry("limit_name", "max_mmio_runs_per_domain")
                .containsEntry("value", "65537");
        apply(run(HOLE + 2, 1, MemType.MMIO_DM));
        apply(run(Gfn.MAX, 1, MemType.MMIO_DM));

        budget.tablesLeft = 1;
        apply(run(FIRST, 512, MemType.RAM_RO));
        apply(run(FIRST + 600, 10, MemType.RAM_RO), run(FIRST + 620, 10, MemType.RAM_RO));
        assertThat(refused(run(FIRST + 511, 2, MemType.MMIO_WRITE_DM))).isEqualTo(Errno.ENOSPC);
        apply(run(FIRST + 512, 512, MemType.RAM_RW));
        assertThat(budget.tables).isZero();
        apply(run(FIRST + 511, 1, MemType.MMIO_WRITE_DM));
        // What needs no table is never refused.
        apply(run(FIRST + 1100, 5, MemType.RAM_RW), run(FIRST + 511, 1, MemType.RAM_RW));
        p2m.close();
        assertThat(budget.tables).isZero();
    }

    @Test
    void turnsTheRemainingPagesOfATypeIntoRam() { // C5: reset
        apply(run(FIRST, 1100, MemType.IOREQ_SERVER_7), run(FIRST + 1200, 3, MemType.IOREQ_SERVER_7));
        apply(run(FIRST + 600, 1, MemType.RAM_RW), run(FIRST + 600, 1, MemType.IOREQ_SERVER_8));
        p2m.write((FIRST + 1) << 12, 8, 42);

        p2m.resetType(6);
        assertThat(listed()).hasSize(7);
        p2m.resetType(7);

        assertThat(listed().subList(0, 3)).containsExactly("0+600 ram_rw", "600+1 ioreq_server[8]", "601+1035 ram_rw");
        assertThat(p2m.read((FIRST + 1) << 12, 8)).as("T3: nothing is lost").isEqualTo(42);
    }

    @Test
    void listsAsManyRunsAsAskedFor() {
        apply(run(FIRST + 5, 1, MemType.RAM_RO), run(FIRST + 7, 1, MemType.RAM_RO));

        assertThat(p2m.listTypes(FIRST, 1L << 40, 2))
                .containsExactly(run(FIRST, 5, MemType.RAM_RW), run(FIRST + 5, 1, MemType.RAM_RO));
        assertThat(p2m.listTypes(FIRST + 6, 1, 9)).containsExactly(run(FIRST + 6, 1, MemType.RAM_RW));
        assertThat(p2m.listTypes(Gfn.MAX, 1L << 40, 9)).containsExactly(run(Gfn.MAX, 1, MemType.HOLE));
    }

    @Test
    void throwsForFramesOfOtherShardsAndOnceClosed() {
        assertThatThrownBy(() -> p2m.typeOf(FIRST - 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> p2m.typeOf(Gfn.MAX + 1)).isInstanceOf(IllegalStateException.class);
        p2m.close();
        assertThatThrownBy(() -> p2m.typeOf(FIRST)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> p2m.read(FIRST << 12, 8)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> p2m.applyTypes(List.of(run(FIRST, 1, MemType.RAM_RO))))
                .isInstanceOf(IllegalStateException.class);
    }
}
