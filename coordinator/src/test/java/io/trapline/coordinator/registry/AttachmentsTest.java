package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.attach;
import static io.trapline.coordinator.registry.Cluster.openVcpu;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.VcpuRecord;
import io.trapline.model.Errno;
import io.trapline.v1.IoreqServer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("S5, A6: sessions of emulators and epochs of vCPUs")
final class AttachmentsTest {
    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private int id;
    private long generation;

    @BeforeEach
    void createServer() {
        domid = cluster.domain();
        id = cluster.server(domid);
        generation = cluster.generation(domid, id);
    }

    @Test
    void makesTheLaterSessionTheActiveOne() {
        // S5
        Answer first = cluster.done(attach(domid, id, generation, 11));
        Answer second = cluster.done(attach(domid, id, generation, 11));

        assertThat(second.getExecute().getRevision()).isGreaterThan(first.getRevision());
        IoreqServer server = cluster.change().getServers(0).getServer();
        assertThat(server.getSessionEpoch()).isEqualTo(second.getRevision());
        assertThat(server.getRun()).isEqualTo(11);
        // C7
        assertThat(cluster.change().getServers(0).getChangedRevision()).isEqualTo(second.getRevision());
    }

    @Test
    void endsOnlyTheActiveSession() {
        // S5
        long first = cluster.done(attach(domid, id, generation, 11)).getRevision();
        long second = cluster.done(attach(domid, id, generation, 12)).getRevision();
        long before = cluster.registry.view().revision();

        cluster.done(detach(first));
        assertThat(cluster.registry.view().revision()).isEqualTo(before);

        cluster.done(detach(second));
        assertThat(cluster.change().getServers(0).getServer().getSessionEpoch()).isZero();
        assertThat(cluster.change().getServers(0).getServer().getRun()).isZero();
    }

    @Test
    void endsNothingOfAServerThatIsGone() {
        long session = cluster.done(attach(domid, id, generation, 11)).getRevision();
        cluster.finish(cluster.done(Cluster.destroyServer(domid, id)).getDrain());
        cluster.server(domid);

        cluster.done(detach(session));
    }

    @Test
    void refusesAnAttachWithoutGenerationOrRun() {
        // S5, F6
        assertThat(cluster.refused(Errno.EINVAL, attach(domid, id, 0, 1)).metadata())
                .containsEntry("field", "generation");
        assertThat(cluster.refused(Errno.EINVAL, attach(domid, id, generation, 0))
                        .metadata())
                .containsEntry("field", "run");
        cluster.refused(Errno.ENOENT, attach(domid, id, generation + 1, 1));
    }

    @Test
    void raisesAVcpusEpochEachTimeItIsOpened() {
        // A6
        long first = cluster.done(openVcpu(domid, 3)).getExecute().getRevision();
        Answer second = cluster.done(openVcpu(domid, 3));

        assertThat(second.getExecute().getRevision()).isGreaterThan(first);
        assertThat(second.getExecute().getDomainGeneration()).isNotZero();
        VcpuRecord vcpu = cluster.change().getVcpus(0);
        assertThat(vcpu.getEpoch()).isEqualTo(second.getRevision());
        assertThat(vcpu.getNode()).isEqualTo(Cluster.NODE);
        assertThat(cluster.registry.snapshot().getVcpusList()).containsExactly(vcpu);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 4095, 4096, -1})
    void refusesAVcpuThatTheDomainLacks(int vcpu) {
        // A1
        assertThat(cluster.refused(Errno.EINVAL, openVcpu(domid, vcpu)).metadata())
                .containsEntry("field", "vcpu")
                .containsEntry("limit", "3");
    }

    private Command.Builder detach(long session) {
        return Command.newBuilder()
                .setDetachEmulator(DetachEmulator.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setGeneration(generation)
                        .setSessionEpoch(session));
    }
}
