package io.trapline.node.memory;

import static io.trapline.node.fixture.Shards.PAGES;
import static io.trapline.node.memory.MemoryFixture.DOM;
import static io.trapline.node.memory.MemoryFixture.DOM_GEN;
import static io.trapline.node.memory.MemoryFixture.MEDIATOR;
import static io.trapline.node.memory.MemoryFixture.SERVER;
import static io.trapline.node.memory.MemoryFixture.SERVER_GEN;
import static io.trapline.node.memory.MemoryFixture.SESSION;
import static io.trapline.node.memory.MemoryFixture.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.fixture.Shards;
import io.trapline.v1.IoreqKey;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.ListMemTypesResponse;
import io.trapline.v1.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc.MemoryServiceBlockingStub;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memory and type calls as clients make them, over real shards (F2, T6, E). */
final class MemoryGrpcTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final long BORDER = PAGES << 12;
    private static final long GPA_END = 1L << 52;

    private MemoryFixture fixture;
    private MemoryServiceBlockingStub client;

    @BeforeEach
    void aDomainOfThreeShards() throws Exception {
        fixture = new MemoryFixture(KIT, Shards.small(KIT, 3));
        client = fixture.as(MEDIATOR);
    }

    @AfterEach
    void nothingIsHeld() {
        // A client has its answer a moment before the server hears that it was taken.
        await().until(() -> fixture.service.bytesUnderWay() == 0);
        fixture.close();
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void writesAndReadsSegmentsAcrossPagesAndShards() {
        // F2
        client.writeMemory(write("0123456789abcdef", 0x100, 4, BORDER - 3, 8, 0x102, 1, 2 * BORDER + 0xffe, 3));
        assertThat(read(0x100, 4, BORDER - 3, 8, 2 * BORDER + 0xffe, 3)).isEqualTo("01c3456789abdef");
        // T1
        assertThat(client.readMemory(readRequest(0x5000, 2).build()).getData())
                .isEqualTo(ByteString.copyFrom(new byte[2]));
    }

    @Test
    void aWriteOverShardsThatOneRefusesWritesNothing() {
        // F2
        set(run(PAGES, 1, MemType.MEM_TYPE_MMIO_DM));
        Refusal refusal = refusal(() -> client.writeMemory(write("abcd", BORDER - 2, 4)));
        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal.metadata()).containsEntry("first_gfn", String.valueOf(PAGES));
        assertThat(client.readMemory(readRequest(BORDER - 2, 2).build()).getData())
                .isEqualTo(ByteString.copyFrom(new byte[2]));
        assertThat(refusal(() -> client.readMemory(readRequest(BORDER - 2, 4).build()))
                        .metadata())
                .containsEntry("first_gfn", String.valueOf(PAGES));
    }

    @Test
    void takesTheLargestCallAndNotOneByteMore() {
        // L
        int most = 2 << 20;
        byte[] data = new byte[most];
        data[most - 1] = 7;
        WriteMemoryRequest.Builder large = WriteMemoryRequest.newBuilder()
                .setDomid(DOM)
                .addGpa(0)
                .addSizeBytes(most)
                .setData(ByteString.copyFrom(data));
        client.writeMemory(large.build());
        assertThat(client.readMemory(readRequest(0, most).build()).getData().byteAt(most - 1))
                .isEqualTo((byte) 7);
        Refusal refusal =
                refusal(() -> client.readMemory(readRequest(0, most, 0, 1).build()));
        assertThat(refusal.metadata())
                .containsEntry("field", "size_bytes")
                .containsEntry("value", String.valueOf(most + 1))
                .containsEntry("limit", String.valueOf(most));
    }

    @Test
    void refusesMalformedColumnsWithEinvalNamingTheField() {
        // E
        assertThat(fieldOf(ReadMemoryRequest.newBuilder())).isEqualTo("gpa");
        assertThat(fieldOf(readRequest(0, 1).addGpa(1))).isEqualTo("size_bytes");
        assertThat(fieldOf(readRequest(0, 1, 0, 0))).isEqualTo("size_bytes[1]");
        assertThat(fieldOf(readRequest(0, -1))).isEqualTo("size_bytes");
        assertThat(fieldOf(readRequest(GPA_END - 1, 2))).isEqualTo("gpa[0]");
        assertThat(fieldOf(readRequest(GPA_END, 1))).isEqualTo("gpa[0]");
        assertThat(fieldOf(readRequest(-1, 1))).isEqualTo("gpa[0]");
        ReadMemoryRequest.Builder many = ReadMemoryRequest.newBuilder();
        for (int i = 0; i < 4097; i++) {
            many.addGpa(0).addSizeBytes(1);
        }
        assertThat(fieldOf(many)).isEqualTo("gpa");
        assertThat(refusal(() -> client.writeMemory(write("abc", 0, 2))).metadata())
                .containsEntry("field", "data")
                .containsEntry("limit", "2");
        ReadMemoryRequest.Builder badKey = readRequest(0, 1);
        badKey.getOnBehalfOfBuilder().addServing(IoreqKey.newBuilder().setVcpu(4096));
        assertThat(fieldOf(badKey)).isEqualTo("on_behalf_of.serving[0].vcpu");
    }

    @ParameterizedTest
    @CsvSource({"0, 0, request_id.number", "-1, 0, request_id.number", "3, 3, request_id.acknowledged_through"})
    void refusesAMalformedRequestId(long number, long acknowledged, String field) {
        // E
        WriteMemoryRequest.Builder request = write("a", 0, 1).toBuilder();
        request.getRequestIdBuilder().setSession(SESSION).setNumber(number).setAcknowledgedThrough(acknowledged);
        assertThat(refusal(() -> client.writeMemory(request.build())).metadata())
                .containsEntry("field", field);
    }

    @Test
    void existenceAndOwnershipAreCheckedInThatOrder() {
        // E, S3, D4
        assertThat(refusal(() -> client.readMemory(readRequest(0, 1).setDomid(9).build()))
                        .errno())
                .isEqualTo(Errno.ESRCH);
        assertThat(refusal(() -> client.readMemory(
                                readRequest(0, 1).setDomainGeneration(1).build()))
                        .errno())
                .isEqualTo(Errno.ESRCH);
        assertThat(refusal(() -> client.readMemory(readRequest(0, 1)
                                .setDomid(MemoryFixture.CRASHED)
                                .build()))
                        .errno())
                .isEqualTo(Errno.EIO);
        assertThat(errnoOnBehalf(MEDIATOR, 4, SERVER_GEN)).isEqualTo(Errno.ENOENT);
        assertThat(errnoOnBehalf(MEDIATOR, SERVER, 1)).isEqualTo(Errno.ENOENT);
        assertThat(errnoOnBehalf("somebody", SERVER, 1)).isEqualTo(Errno.ENOENT);
        assertThat(errnoOnBehalf("somebody", SERVER, SERVER_GEN)).isEqualTo(Errno.EPERM);
        assertThat(fixture.gated).isEmpty();
    }

    @Test
    void aCallForAServerGoesThroughItsGate() {
        // F2
        WriteMemoryRequest.Builder write = write("abcd", 0, 4).toBuilder();
        write.getOnBehalfOfBuilder()
                .setId(SERVER)
                .setSessionEpoch(50)
                .addServing(IoreqKey.newBuilder()
                        .setVcpu(1)
                        .setVcpuEpoch(2)
                        .setSequence(3)
                        .setPart(4));
        client.writeMemory(write.build());
        var gate = fixture.gated.get(0).gate();
        assertThat(gate.generation()).isEqualTo(SERVER_GEN);
        assertThat(gate.sessionEpoch()).isEqualTo(50);
        assertThat(gate.serving().sequence(0)).isEqualTo(3);
        assertThat(read(0, 4)).isEqualTo("abcd");
        assertThat(client.readMemory(readRequest(0, 4)
                                .setOnBehalfOf(write.getOnBehalfOf())
                                .build())
                        .getData()
                        .toStringUtf8())
                .isEqualTo("abcd");

        fixture.gate = Optional.of(Refusal.of(Errno.ESTALE, "a newer session is active"));
        for (long gpa : new long[] {0, BORDER - 2}) {
            Refusal refusal = refusal(() -> client.writeMemory(write("EFGH", gpa, 4).toBuilder()
                    .setOnBehalfOf(write.getOnBehalfOf())
                    .build()));
            assertThat(refusal.errno()).isEqualTo(Errno.ESTALE);
        }
        assertThat(read(0, 4)).isEqualTo("abcd");
        assertThat(refusal(() -> client.readMemory(readRequest(0, 4)
                                .setOnBehalfOf(write.getOnBehalfOf())
                                .build()))
                        .errno())
                .isEqualTo(Errno.ESTALE);
        assertThat(client.readMemory(readRequest(BORDER - 2, 4).build()).getData())
                .isEqualTo(ByteString.copyFrom(new byte[4]));
    }

    @Test
    void aRetryUnderTheSameRequestIdChangesNothing() {
        // E
        RequestId first =
                RequestId.newBuilder().setSession(SESSION).setNumber(1).build();
        WriteMemoryRequest old =
                write("old!", 0, 4).toBuilder().setRequestId(first).build();
        client.writeMemory(old);
        client.writeMemory(write("new!", 0, 4));
        client.writeMemory(old);
        assertThat(read(0, 4)).isEqualTo("new!");

        WriteMemoryRequest other =
                write("oops", 0, 4).toBuilder().setRequestId(first).build();
        assertThat(refusal(() -> client.writeMemory(other)).metadata()).containsEntry("field", "request_id.number");
        assertThat(read(0, 4)).isEqualTo("new!");

        RequestId second = RequestId.newBuilder()
                .setSession(SESSION)
                .setNumber(2)
                .setAcknowledgedThrough(1)
                .build();
        SetMemTypeRequest refused = SetMemTypeRequest.newBuilder()
                .setRequestId(second)
                .setDomid(DOM)
                .setDomainGeneration(DOM_GEN)
                .addRuns(run(3 * PAGES, 1, MemType.MEM_TYPE_RAM_RW))
                .build();
        assertThat(refusal(() -> client.setMemType(refused)).errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal(() -> client.setMemType(refused)).errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal(() -> client.writeMemory(old)).errno()).isEqualTo(Errno.ESTALE);
        assertThat(refusal(() -> client.writeMemory(old.toBuilder()
                                .setRequestId(first.toBuilder().setSession(9))
                                .build()))
                        .errno())
                .isEqualTo(Errno.ESTALE);
    }

    @Test
    void aRequestIdIsForADomainThatIsNamedByItsGeneration() {
        // E: the next domain of that id would carry a retry out.
        RequestId id = RequestId.newBuilder().setSession(SESSION).setNumber(1).build();
        WriteMemoryRequest write =
                write("abcd", 0, 4).toBuilder().setRequestId(id).build();
        SetMemTypeRequest types = SetMemTypeRequest.newBuilder()
                .setRequestId(id)
                .setDomid(DOM)
                .addRuns(run(0, 1, MemType.MEM_TYPE_RAM_RO))
                .build();
        for (Refusal refusal : List.of(
                refusal(() -> client.writeMemory(
                        write.toBuilder().clearDomainGeneration().build())),
                refusal(() -> client.setMemType(types)))) {
            assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
            assertThat(refusal.metadata()).containsEntry("field", "domain_generation");
        }
        assertThat(read(0, 4)).isEqualTo("\0\0\0\0");
        assertThat(refusal(() -> client.writeMemory(write.toBuilder()
                                .setDomainGeneration(DOM_GEN - 1)
                                .build()))
                        .errno())
                .as("of a domain that is gone")
                .isEqualTo(Errno.ESRCH);

        client.writeMemory(write);
        client.writeMemory(
                write("efgh", 0, 4).toBuilder().clearDomainGeneration().build());
        assertThat(read(0, 4)).as("without an id").isEqualTo("efgh");
    }

    @Test
    void aRetryWhoseGateOrServerRefusesItByNowGetsTheFirstAnswer() {
        // E, F2: of a write in one shard, and over two.
        Refusal fenced = Refusal.of(Errno.ESTALE, "a newer session is active");
        long number = 0;
        for (long gpa : new long[] {0, BORDER - 2}) {
            WriteMemoryRequest done = write("abcd", gpa, 4).toBuilder()
                    .setRequestId(RequestId.newBuilder().setSession(SESSION).setNumber(++number))
                    .setOnBehalfOf(OnBehalfOf.newBuilder().setId(SERVER).setSessionEpoch(50))
                    .build();
            WriteMemoryRequest refused = done.toBuilder()
                    .setRequestId(RequestId.newBuilder().setSession(SESSION).setNumber(++number))
                    .setData(ByteString.copyFromUtf8("EFGH"))
                    .build();
            client.writeMemory(done);
            fixture.gate = Optional.of(fenced);
            assertThat(refusal(() -> client.writeMemory(refused)).errno()).isEqualTo(Errno.ESTALE);

            client.writeMemory(done);
            fixture.gate = Optional.empty();
            assertThat(refusal(() -> client.writeMemory(refused)).errno()).isEqualTo(Errno.ESTALE);

            assertThat(read(gpa, 4)).isEqualTo("abcd");
            // Not its creator: it was carried out when it was asked by who is; what was not is refused from then on.
            MemoryServiceBlockingStub other = fixture.as("somebody");
            other.writeMemory(done);
            WriteMemoryRequest forbidden = refused.toBuilder()
                    .setRequestId(RequestId.newBuilder().setSession(SESSION).setNumber(++number))
                    .build();
            assertThat(refusal(() -> other.writeMemory(forbidden)).errno()).isEqualTo(Errno.EPERM);
            assertThat(refusal(() -> client.writeMemory(forbidden)).errno()).isEqualTo(Errno.EPERM);
            assertThat(read(gpa, 4)).isEqualTo("abcd");
        }
    }

    @Test
    void setsAndListsTypes() {
        // T6
        set(run(10, 2 * PAGES, MemType.MEM_TYPE_IOREQ_SERVER_0), run(0, 1, MemType.MEM_TYPE_RAM_RO));
        ListMemTypesRequest all = ListMemTypesRequest.newBuilder()
                .setDomid(DOM)
                .setDomainGeneration(DOM_GEN)
                .setCount(1L << 40)
                .setMaxRuns(3)
                .build();
        ListMemTypesResponse first = client.listMemTypes(all);
        assertThat(first.getRunsList())
                .containsExactly(
                        run(0, 1, MemType.MEM_TYPE_RAM_RO),
                        run(1, 9, MemType.MEM_TYPE_RAM_RW),
                        run(10, 2 * PAGES, MemType.MEM_TYPE_IOREQ_SERVER_0));
        assertThat(first.getNextGfn()).isEqualTo(10 + 2 * PAGES);
        ListMemTypesResponse rest = client.listMemTypes(all.toBuilder()
                .setFirstGfn(first.getNextGfn())
                .setCount((1L << 40) - first.getNextGfn())
                .build());
        assertThat(rest.getNextGfn()).isZero();
        assertThat(rest.getRunsList().get(1).getType()).isEqualTo(MemType.MEM_TYPE_HOLE);
        assertThat(refusal(() -> client.listMemTypes(
                                all.toBuilder().setFirstGfn(1).build()))
                        .metadata())
                .containsEntry("field", "count");
        Refusal refusal = refusal(() -> set(run(0, 1, MemType.MEM_TYPE_RAM_RW), run(11, 0, MemType.MEM_TYPE_RAM_RW)));
        assertThat(refusal.metadata()).containsEntry("field", "runs[1].count");
    }

    @Test
    void aDomainThatGoesEndsTheCalls() {
        fixture.directory.remove(DOM);
        assertThat(refusal(() -> client.writeMemory(write("a", 0, 1))).errno()).isEqualTo(Errno.ESRCH);
    }

    private Errno errnoOnBehalf(String principal, int id, long generation) {
        ReadMemoryRequest request = readRequest(0, 1)
                .setOnBehalfOf(OnBehalfOf.newBuilder().setId(id).setGeneration(generation))
                .build();
        return refusal(() -> fixture.as(principal).readMemory(request)).errno();
    }

    private void set(MemTypeRun... runs) {
        client.setMemType(SetMemTypeRequest.newBuilder()
                .setDomid(DOM)
                .addAllRuns(List.of(runs))
                .build());
    }

    private static MemTypeRun run(long first, long count, MemType type) {
        return MemTypeRun.newBuilder()
                .setFirstGfn(first)
                .setCount(count)
                .setType(type)
                .build();
    }

    private String fieldOf(ReadMemoryRequest.Builder request) {
        Refusal refusal = refusal(() -> client.readMemory(request.setDomid(DOM).build()));
        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        return String.valueOf(refusal.metadata().get("field"));
    }

    private String read(long... gpaAndSize) {
        return client.readMemory(readRequest(gpaAndSize).build()).getData().toStringUtf8();
    }

    private static ReadMemoryRequest.Builder readRequest(long... gpaAndSize) {
        ReadMemoryRequest.Builder request = ReadMemoryRequest.newBuilder().setDomid(DOM);
        for (int i = 0; i < gpaAndSize.length; i += 2) {
            request.addGpa(gpaAndSize[i]).addSizeBytes((int) gpaAndSize[i + 1]);
        }
        return request;
    }

    private static WriteMemoryRequest write(String data, long... gpaAndSize) {
        WriteMemoryRequest.Builder request = WriteMemoryRequest.newBuilder()
                .setDomid(DOM)
                .setDomainGeneration(DOM_GEN)
                .setData(ByteString.copyFromUtf8(data));
        for (int i = 0; i < gpaAndSize.length; i += 2) {
            request.addGpa(gpaAndSize[i]).addSizeBytes((int) gpaAndSize[i + 1]);
        }
        return request.build();
    }
}
