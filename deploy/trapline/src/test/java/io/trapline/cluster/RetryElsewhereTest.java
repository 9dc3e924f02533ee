package io.trapline.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SessionServiceGrpc;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
@DisplayName("V-14: a memory or type call that is sent again, under its request id, through another node")
final class RetryElsewhereTest {
    private static final int NODES = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long GFN = 16;
    private static final Gpa PAGE = new Gpa(0x2000);
    private static final byte[] OTHER = "other".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private Nodes nodes;
    private TraplineConnection operator;
    private DomainRef domain;
    private long session;
    private final List<ManagedChannel> channels = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        nodes = new Nodes(folder, NODES);
        operator =
                nodes.connect(IntStream.range(0, NODES).mapToObj(nodes::address).toArray(String[]::new));
        domain = DomainRef.of(operator.domains()
                .create(CreateDomainRequest.newBuilder()
                        .setNrPages(64)
                        .setNrVcpus(1)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_REPLICATED)
                        .build()));
        for (int node = 0; node < NODES; node++) {
            String[] address = nodes.address(node).split(":", 2);
            channels.add(ManagedChannelBuilder.forAddress(address[0], Integer.parseInt(address[1]))
                    .usePlaintext()
                    .build());
        }
        session = SessionServiceGrpc.newBlockingStub(channels.getFirst())
                .openSession(OpenSessionRequest.getDefaultInstance())
                .getSession();
    }

    @AfterEach
    void stop() {
        channels.forEach(ManagedChannel::shutdownNow);
        nodes.close();
    }

    @Test
    @DisplayName("is carried out once, and answered alike at every node, also where it was refused")
    void isAnsweredAlikeEverywhere() {
        assertThat(type(0, 1, MemType.MEM_TYPE_IOREQ_SERVER_0)).isEmpty();
        set(io.trapline.model.MemType.RAM_RW);
        assertThat(write(1, 2, "first")).isEmpty();
        operator.memory().write(domain, PAGE, OTHER);
        // ioreq_server[1] from RAM_RW, where the page is ioreq_server[0] again: refused (T4).
        set(io.trapline.model.MemType.ioreqServer(0));
        Refusal refused = type(2, 3, MemType.MEM_TYPE_IOREQ_SERVER_1).orElseThrow();
        set(io.trapline.model.MemType.RAM_RW);

        for (int node = 0; node < NODES; node++) {
            assertThat(type(node, 1, MemType.MEM_TYPE_IOREQ_SERVER_0)).isEmpty();
            assertThat(write(node, 2, "first")).isEmpty();
            assertThat(type(node, 3, MemType.MEM_TYPE_IOREQ_SERVER_1)).contains(refused);
            assertThat(type(node, 2, MemType.MEM_TYPE_RAM_RO).orElseThrow().metadata())
                    .containsEntry("field", "request_id.number");
        }
        assertThat(typeNow()).isEqualTo(MemType.MEM_TYPE_RAM_RW);
        assertThat(operator.memory().read(domain, PAGE, 5)).isEqualTo(OTHER);
    }

    @Test
    @DisplayName("has its first answer when the node that was asked is gone")
    void outlivesTheNodeThatWasAsked() {
        List<Integer> others = others(place(primary()));
        int asked = others.get(0);
        assertThat(type(asked, 1, MemType.MEM_TYPE_IOREQ_SERVER_0)).isEmpty();
        set(io.trapline.model.MemType.RAM_RW);

        nodes.end(asked);

        assertThat(answered(others.get(1), 1, MemType.MEM_TYPE_IOREQ_SERVER_0)).isEmpty();
        assertThat(typeNow()).isEqualTo(MemType.MEM_TYPE_RAM_RW);
    }

    @Test
    @DisplayName("has its first answer when the primary and entry is gone, and its backup decides")
    void outlivesThePrimary() {
        await().atMost(PATIENCE).until(() -> !shardBackup().isEmpty());
        int primary = place(primary());
        assertThat(type(primary, 1, MemType.MEM_TYPE_IOREQ_SERVER_0)).isEmpty();
        set(io.trapline.model.MemType.RAM_RW);
        Refusal refused = refusedOf(primary);

        nodes.end(primary);

        for (int node : others(primary)) {
            assertThat(answered(node, 1, MemType.MEM_TYPE_IOREQ_SERVER_0)).isEmpty();
            assertThat(answered(node, 2, MemType.MEM_TYPE_MMIO_WRITE_DM)).contains(refused);
        }
        assertThat(typeNow()).isEqualTo(MemType.MEM_TYPE_RAM_RW);
    }

    @Test
    @DisplayName(
            "is kept until its client has the answer, whichever node and domain hears of that, and is not carried out again")
    void isForgottenOnceItIsAcknowledgedElsewhere() {
        int primary = place(primary());
        assertThat(type(primary, 1, MemType.MEM_TYPE_IOREQ_SERVER_0)).isEmpty();
        set(io.trapline.model.MemType.RAM_RW);
        Domain other = operator.domains().create(64, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE);
        long before = nodes.keptAnswers();

        MemoryServiceGrpc.newBlockingStub(channels.get(others(primary).getFirst()))
                .writeMemory(WriteMemoryRequest.newBuilder()
                        .setRequestId(id(2).toBuilder().setAcknowledgedThrough(1))
                        .setDomid(other.getDomid())
                        .setDomainGeneration(other.getGeneration())
                        .addGpa(PAGE.value())
                        .addSizeBytes(OTHER.length)
                        .setData(ByteString.copyFrom(OTHER))
                        .build());

        // One more of the other domain, and those of both copies less.
        await().atMost(PATIENCE).until(() -> nodes.keptAnswers() < before);
        for (int node = 0; node < NODES; node++) {
            assertThat(answered(node, 1, MemType.MEM_TYPE_IOREQ_SERVER_0)
                            .orElseThrow()
                            .errno())
                    .isEqualTo(Errno.ESTALE);
        }
        assertThat(typeNow()).isEqualTo(MemType.MEM_TYPE_RAM_RW);
    }

    /** A write that a page refuses by its type, which it has for a moment. */
    private Refusal refusedOf(int node) {
        set(io.trapline.model.MemType.ioreqServer(0));
        Refusal refused = type(node, 2, MemType.MEM_TYPE_MMIO_WRITE_DM).orElseThrow();
        set(io.trapline.model.MemType.RAM_RW);
        return refused;
    }

    private void set(io.trapline.model.MemType type) {
        operator.memory().setMemType(domain, new Gfn(GFN), 1, type);
    }

    private List<Integer> others(int node) {
        return IntStream.range(0, NODES).filter(other -> other != node).boxed().toList();
    }

    private String primary() {
        return operator.domains().describe(domain).getShards(0).getPrimary();
    }

    private String shardBackup() {
        return operator.domains().describe(domain).getShards(0).getBackup();
    }

    private int place(String name) {
        return IntStream.range(0, NODES)
                .filter(node -> nodes.name(node).equals(name))
                .findFirst()
                .orElseThrow();
    }

    private MemType typeNow() {
        return operator.memory()
                .listMemTypes(domain, new Gfn(GFN), 1)
                .getFirst()
                .getType();
    }

    private RequestId id(long number) {
        return RequestId.newBuilder().setSession(session).setNumber(number).build();
    }

    /** As a client does that takes EAGAIN for no answer. */
    private Optional<Refusal> answered(int node, long number, MemType type) {
        List<Optional<Refusal>> answers = new ArrayList<>();
        await().atMost(PATIENCE).until(() -> {
            answers.add(type(node, number, type));
            return answers.getLast().filter(why -> why.errno() == Errno.EAGAIN).isEmpty();
        });
        return answers.getLast();
    }

    private Optional<Refusal> type(int node, long number, MemType type) {
        return refusal(() -> MemoryServiceGrpc.newBlockingStub(channels.get(node))
                .setMemType(SetMemTypeRequest.newBuilder()
                        .setRequestId(id(number))
                        .setDomid(domain.domid().value())
                        .setDomainGeneration(domain.generation())
                        .addRuns(MemTypeRun.newBuilder()
                                .setFirstGfn(GFN)
                                .setCount(1)
                                .setType(type))
                        .build()));
    }

    private Optional<Refusal> write(int node, long number, String text) {
        return refusal(() -> MemoryServiceGrpc.newBlockingStub(channels.get(node))
                .writeMemory(WriteMemoryRequest.newBuilder()
                        .setRequestId(id(number))
                        .setDomid(domain.domid().value())
                        .setDomainGeneration(domain.generation())
                        .addGpa(PAGE.value())
                        .addSizeBytes(text.length())
                        .setData(ByteString.copyFromUtf8(text))
                        .build()));
    }

    private static Optional<Refusal> refusal(Runnable call) {
        try {
            call.run();
            return Optional.empty();
        } catch (StatusRuntimeException refused) {
            return Optional.of(Statuses.fromThrowable(refused).orElseThrow(() -> refused));
        }
    }
}
