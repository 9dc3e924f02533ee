package io.trapline.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.trapline.embedded.EmbeddedCluster;
import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.server.ListenAddress;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.OpenVcpu;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetMemTypeRequest;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rows of a guest's batch that fail without harm to their neighbours. */
final class RowFailuresTest {
    private static final byte WRITE = AccessAttributes.of(8, true, AccessAttributes.MEM);
    private static final int CLAIMED_GFN = 4;

    private EmbeddedCluster cluster;
    private ManagedChannel channel;
    private int domid;

    @BeforeEach
    void aDomainWithAClaimThatNobodyServes() throws Exception {
        cluster = EmbeddedCluster.start(Optional.empty(), ListenAddress.ANY_PORT, false);
        channel = ManagedChannelBuilder.forTarget(cluster.address().toString())
                .usePlaintext()
                .build();
        domid = DomainServiceGrpc.newBlockingStub(channel)
                .createDomain(CreateDomainRequest.newBuilder()
                        .setNrPages(16)
                        .setNrVcpus(2)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .build())
                .getDomain()
                .getDomid();
        IoreqServerServiceGrpc.IoreqServerServiceBlockingStub servers = IoreqServerServiceGrpc.newBlockingStub(channel);
        int id = servers.createIoreqServer(
                        CreateIoreqServerRequest.newBuilder().setDomid(domid).build())
                .getId();
        MemoryServiceGrpc.newBlockingStub(channel)
                .setMemType(SetMemTypeRequest.newBuilder()
                        .setDomid(domid)
                        .addRuns(MemTypeRun.newBuilder()
                                .setFirstGfn(CLAIMED_GFN)
                                .setCount(1)
                                .setType(MemType.MEM_TYPE_IOREQ_SERVER_0))
                        .build());
        servers.mapMemType(MapMemTypeRequest.newBuilder()
                .setDomid(domid)
                .setId(id)
                .setType(MemType.MEM_TYPE_IOREQ_SERVER_0)
                .setFlags(AccessFlags.WRITE)
                .build());
        servers.setIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                .setDomid(domid)
                .setId(id)
                .setEnabled(true)
                .build());
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        cluster.close();
    }

    @Test
    @DisplayName("E, F4: a row that fails at its shard has its whole status where that was asked for")
    void explainsARowThatFailsAtItsShard() {
        try (Wire<AccessRequest, AccessResponse> guest = open(0)) {
            for (boolean asked : new boolean[] {true, false}) {
                long first = asked ? 1 : 3;
                guest.send(request(batch(first, CLAIMED_GFN << 12, 0).setWantStatus(asked)));

                AnswerBatch failed = guest.message().getAnswers();
                assertThat(failed.getSequenceList()).containsExactly(first);
                assertThat(failed.getErrno().byteAt(0)).isEqualTo((byte) Errno.ETIMEDOUT.number());
                assertThat(failed.getStatusCount()).isEqualTo(asked ? 1 : 0);
                if (asked) {
                    Refusal why =
                            Statuses.fromProto(failed.getStatus(0).getStatus()).orElseThrow();
                    assertThat(why.errno()).isEqualTo(Errno.ETIMEDOUT);
                    assertThat(why.metadata())
                            .containsEntry("domid", Integer.toString(domid))
                            .containsEntry("vcpu", "0")
                            .containsEntry("sequence", "1");
                }
                guest.send(request(batch(first + 1, 0, 0)));
                assertThat(guest.message().getAnswers().getErrno()).isEqualTo(ByteString.EMPTY);
            }
        }
    }

    @Test
    @DisplayName("A6: the received mark of a vCPU that was just fenced stops nobody else")
    void passesOverTheMarkOfAFencedVcpu() {
        try (Wire<AccessRequest, AccessResponse> guest = open(0, 1);
                Wire<AccessRequest, AccessResponse> other = open(1)) {
            assertThat(guest.message().getFenced().getVcpu()).isEqualTo(1);

            guest.send(request(batch(1, 0, 0).addReceivedVcpu(1).addReceivedThrough(0)));

            assertThat(errno(guest.message())).isEqualTo(Errno.ESTALE);
            assertThat(guest.message().getAnswers().getSequenceList()).containsExactly(1L);
            other.send(request(batch(1, 0, 1)));
            assertThat(other.message().getAnswers().getSequenceList()).containsExactly(1L);
        }
    }

    @Test
    @DisplayName("E: a received mark of a vCPU that the domain lacks is refused alone")
    void refusesTheMarkOfAVcpuThatIsNone() {
        try (Wire<AccessRequest, AccessResponse> guest = open(0)) {
            guest.send(request(batch(1, 0, 0).addReceivedVcpu(2).addReceivedThrough(0)));

            assertThat(errno(guest.message())).isEqualTo(Errno.EINVAL);
            assertThat(guest.message().getAnswers().getSequenceList()).containsExactly(1L);
        }
    }

    private static Errno errno(AccessResponse response) {
        return Statuses.fromProto(response.getReceivedRefused().getStatus())
                .orElseThrow()
                .errno();
    }

    private Wire<AccessRequest, AccessResponse> open(int... vcpus) {
        Wire<AccessRequest, AccessResponse> guest = Wire.open(channel, GuestServiceGrpc.getAccessMethod());
        for (int vcpu : vcpus) {
            guest.send(AccessRequest.newBuilder()
                    .setOpen(OpenVcpu.newBuilder().setDomid(domid).setVcpu(vcpu).setWindow(8))
                    .build());
            assertThat(guest.message().getOpened().getVcpu()).isEqualTo(vcpu);
        }
        return guest;
    }

    private static AccessRequest request(AccessBatch.Builder batch) {
        return AccessRequest.newBuilder().setBatch(batch).build();
    }

    /** One write; what is to a claimed page ends by its own timeout. */
    private static AccessBatch.Builder batch(long sequence, long gpa, int vcpu) {
        return AccessBatch.newBuilder()
                .addVcpu(vcpu)
                .addSequence(sequence)
                .addAddress(gpa)
                .addData(7)
                .addTimeoutMs(gpa == CLAIMED_GFN << 12 ? 1 : 0)
                .setAttributes(ByteString.copyFrom(new byte[] {WRITE}));
    }
}
