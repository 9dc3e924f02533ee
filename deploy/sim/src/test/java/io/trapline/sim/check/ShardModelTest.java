package io.trapline.sim.check;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.rows.KeyRows;
import io.trapline.sim.world.part.HeapBudget;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("F5: a posted write whose server is gone is decided again, once")
final class ShardModelTest {
    private static final long PAGE = 2;
    private static final long ADDRESS = PAGE << 12;
    private static final long VALUE = 0x1122;
    private static final byte POSTED_WRITE =
            (byte) (AccessAttributes.of(8, true, AccessAttributes.MEM) | AccessAttributes.POSTED);
    private static final AccessKey KEY = new AccessKey(0, 7, 1);

    private final P2m p2m = new P2m(0, 63, 64, new HeapBudget());
    private final History history = new History();
    private final ShardModel model =
            new ShardModel(0, new ShardMap(new long[] {0}), history, new Promises(), p2m, PAGE);

    @BeforeEach
    void aServerHasQueuedIt() {
        p2m.applyTypes(List.of(new TypeRun(PAGE, 1, MemType.IOREQ_SERVER_0)));
        DecisionTable claimed = DecisionTable.builder(10)
                .enabledServer(1, RangeSet.EMPTY, RangeSet.EMPTY, RangeSet.EMPTY)
                .heldClaim(0, 1, AccessFlags.ALL)
                .build();
        model.applies(claimed, List.of(), Map.of(1, 5L));
        history.submitted(new GuestAccess(KEY, POSTED_WRITE, ADDRESS, VALUE, 1, 16, 1, 0, 1_000));
        model.accepts(KEY);
        model.forwarded(new IoreqKey(0, 7, 1, 0), 1, POSTED_WRITE, (byte) 0, ADDRESS, VALUE, 1);
        KeyRows keys = new KeyRows(1);
        keys.add(0, 7, 1, 0);
        model.queues(1, keys);
        model.answered(KEY, 0, (byte) 0);
        model.check();
    }

    @AfterEach
    void close() {
        p2m.close();
    }

    private void applies(Map<Integer, Long> present) {
        model.applies(DecisionTable.builder(20).build(), List.of(), present);
    }

    @Test
    @DisplayName("the page has it then")
    void goesToThePage() {
        applies(Map.of());
        p2m.write(ADDRESS, 8, VALUE);
        model.check();
        history.ended();
    }

    @Test
    @DisplayName("also where there is another server of that id by then")
    void goesToThePageThoughTheIdIsAnothers() {
        applies(Map.of(1, 15L));
        p2m.write(ADDRESS, 8, VALUE);
        model.check();
        history.ended();
    }

    @Test
    @DisplayName("a shard that loses it is noticed")
    void isNotLost() {
        applies(Map.of());
        assertThatThrownBy(model::check).isInstanceOf(Violation.class);
    }

    @Test
    @DisplayName("a shard that carries it out while its server is there is noticed")
    void isNotTakenFromAServer() {
        applies(Map.of(1, 5L));
        p2m.write(ADDRESS, 8, VALUE);
        assertThatThrownBy(model::check).isInstanceOf(Violation.class);
    }
}
