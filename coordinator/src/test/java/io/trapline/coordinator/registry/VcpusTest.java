package io.trapline.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.MoveVcpu;
import io.trapline.internal.v1.VcpuRecord;
import io.trapline.model.Errno;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A6, D-16: who runs a vCPU, and from where")
final class VcpusTest {
    private static final ByteString TOKEN = ByteString.copyFromUtf8("0123456789abcdef");

    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private long epoch;

    @BeforeEach
    void open() {
        domid = cluster.domain();
        epoch = cluster.done(open(TOKEN)).getExecute().getRevision();
    }

    @Test
    void theGuestGoesOnElsewhereUnderTheSameEpoch() {
        Answer moved = cluster.done(move(TOKEN));

        assertThat(moved.getExecute().getVcpuEpoch()).isEqualTo(epoch);
        assertThat(moved.getExecute().getWindow()).isEqualTo(8);
        assertThat(moved.getExecute().getRevision()).isGreaterThan(epoch);
        // Nobody waits until the others have heard of it.
        assertThat(moved.getRevision()).isZero();
        VcpuRecord vcpu = cluster.change().getVcpus(0);
        assertThat(vcpu.getEpoch()).isEqualTo(epoch);
        assertThat(vcpu.getNode()).isEqualTo("n2");
        assertThat(vcpu.getGatewayRevision()).isEqualTo(moved.getExecute().getRevision());
    }

    @Test
    void theGuestComesAnewToTheNodeThatItIsAt() {
        long first = cluster.done(move(TOKEN)).getExecute().getRevision();
        Answer again = cluster.done(move(TOKEN));
        assertThat(again.getExecute().getRevision()).isGreaterThan(first);
        assertThat(cluster.change().getVcpus(0).getGatewayRevision())
                .isEqualTo(again.getExecute().getRevision());
    }

    @Test
    void onlyWhoOpenedItMayGoOn() {
        cluster.refused(Errno.ESTALE, move(ByteString.copyFromUtf8("another")));
        cluster.refused(Errno.ESTALE, move(ByteString.EMPTY));
        cluster.done(open(ByteString.copyFromUtf8("the next")));
        cluster.refused(Errno.ESTALE, move(TOKEN));
        // Closed: a new epoch that nobody runs.
        cluster.done(open(ByteString.EMPTY));
        cluster.refused(Errno.ESTALE, move(ByteString.copyFromUtf8("the next")));
        cluster.refused(Errno.ESTALE, move(ByteString.EMPTY));
    }

    @Test
    void refusesATokenThatNobodyMade() {
        cluster.refused(Errno.EINVAL, open(ByteString.copyFrom(new byte[17])));
        cluster.refused(Errno.EINVAL, move(ByteString.copyFrom(new byte[17])));
    }

    private Command.Builder open(ByteString token) {
        Command.Builder open = Cluster.openVcpu(domid, 3);
        open.getOpenVcpuBuilder().setToken(token).setWindow(8);
        return open;
    }

    private Command.Builder move(ByteString token) {
        return Command.newBuilder()
                .setMoveVcpu(MoveVcpu.newBuilder()
                        .setDomid(domid)
                        .setVcpu(3)
                        .setToken(token)
                        .setNode("n2"));
    }
}
