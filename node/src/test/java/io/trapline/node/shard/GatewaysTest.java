package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.protocol.Life;
import io.trapline.node.rows.AccessRows;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-16, D-20: where the guests of vCPUs are")
final class GatewaysTest {
    private static final Life FIRST = new Life("n1", 1);
    private static final Life SECOND = new Life("n2", 2);

    private final Gateways gateways = new Gateways();

    private static void add(AccessRows rows, int vcpu, long epoch, long sequence, long since) {
        rows.add(vcpu, epoch, sequence, (byte) 0, 0, 0, 1, 4, 9, since);
    }

    private static AccessRows rows(int vcpu, long epoch, long since) {
        AccessRows rows = new AccessRows(1);
        add(rows, vcpu, epoch, 1, since);
        return rows;
    }

    @Test
    void answersWhereTheGuestWasHeardOf() {
        assertThat(gateways.of(5)).isNull();
        assertThat(gateways.take(FIRST, rows(5, 7, 7)).size()).isEqualTo(1);
        assertThat(gateways.of(5)).isEqualTo(FIRST);
        assertThat(gateways.of(4)).isNull();
    }

    @Test
    void aStragglerOfTheEarlierNodeIsNotTaken() {
        gateways.take(FIRST, rows(5, 7, 7));
        assertThat(gateways.take(SECOND, rows(5, 7, 9)).size()).isEqualTo(1);
        AccessRows late = rows(5, 7, 7);
        add(late, 6, 8, 3, 8);
        AccessRows taken = gateways.take(FIRST, late);
        assertThat(taken.size()).isEqualTo(1);
        assertThat(taken.vcpu(0)).isEqualTo(6);
        assertThat(taken.sequence(0)).isEqualTo(3);
        assertThat(gateways.of(5)).isEqualTo(SECOND);
        assertThat(gateways.of(6)).isEqualTo(FIRST);
    }

    @Test
    void aVcpuThatIsOpenedAnewIsWhereItWasOpened() {
        gateways.take(SECOND, rows(5, 7, 9));
        gateways.take(FIRST, rows(5, 12, 12));
        assertThat(gateways.of(5)).isEqualTo(FIRST);
    }
}
