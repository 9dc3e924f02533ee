package io.trapline.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ServiceDescriptor;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.trapline.model.Errno;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.GetVersionRequest;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.OpenVcpu;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bad input, some hundred thousand pieces of it, against a whole cluster in another process: an outcome as in section E each time, no state changed, nobody
 * else disturbed, no growth of memory, no stack trace. {@code -Dtrapline.fuzz.seed=N} takes another seed, {@code -Dtrapline.fuzz.percent=N} more or less of everything.
 */
@Tag("processes")
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class BadInputTest {
    private static final long SEED = Long.getLong("trapline.fuzz.seed", 20_260_801);
    private static final int PERCENT = Integer.getInteger("trapline.fuzz.percent", 100);
    private static final int WARM_UP_PERCENT = 10;

    private static final int NEIGHBOUR = 15;
    private static final int STRANGER = 16;

    /** More than all buffers on the way to a client hold of the answers. */
    private static final int ENOUGH_BATCHES = 3_000;

    private static final int ENOUGH_SMALL_MESSAGES = 300_000;

    private static final long HEAP_SLACK_BYTES = 48L << 20;

    private final Dice dice = new Dice(SEED);
    private final Complaints bystanders = new Complaints();

    private ServerProcess server;
    private BadInput input;
    private Bystander neighbour;
    private Bystander stranger;
    private String untouched;
    private long heapBefore;

    @SuppressWarnings("NullAway.Init")
    BadInputTest() {}

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.start(folder);
        input = new BadInput(server.address(), List.of(NEIGHBOUR, STRANGER), dice.fork("world"));
        // One shares its connection with everything that is bad.
        neighbour = Bystander.start(NEIGHBOUR, input.channel(), bystanders);
        stranger = Bystander.start(STRANGER, input.connect(), bystanders);
        untouched = input.untouched();

        Complaints complaints = new Complaints();
        input.everything(WARM_UP_PERCENT, dice.fork("warm-up"), complaints);
        complaints.assertNone("warm-up, seed " + SEED);
        heapBefore = server.heapUsedBytes();
    }

    @AfterAll
    void stop() throws Exception {
        if (input != null) {
            input.close();
        }
        if (server != null) {
            server.stop();
        }
    }

    private long revision() {
        return ClusterServiceGrpc.newBlockingStub(input.channel())
                .getVersion(GetVersionRequest.getDefaultInstance())
                .getRevision();
    }

    @Test
    @Order(1)
    @DisplayName("E: every public service is sent to, and no other is served")
    void knowsEveryService() {
        Wire<ServerReflectionRequest, ServerReflectionResponse> wire =
                Wire.open(input.channel(), ServerReflectionGrpc.getServerReflectionInfoMethod());
        wire.send(ServerReflectionRequest.newBuilder().setListServices("*").build());

        List<String> served = wire.message().getListServicesResponse().getServiceList().stream()
                .map(ServiceResponse::getName)
                .filter(name -> name.startsWith("trapline."))
                .toList();

        wire.close();
        assertThat(served)
                .containsExactlyInAnyOrderElementsOf(Contract.SERVICES.stream()
                        .map(ServiceDescriptor::getName)
                        .toList());
    }

    @Test
    @Order(2)
    @DisplayName("E: a request with a flaw is refused for its flaw, in the order of checks, and changes nothing")
    void refusesFlawedRequests() throws Exception {
        Complaints complaints = new Complaints();
        long before = revision();

        input.flawedRequests(PERCENT, dice.fork("flawed"), complaints);

        complaints.assertNone("flawed requests, seed " + SEED);
        assertThat(input.untouched()).isEqualTo(untouched);
        assertThat(revision()).isEqualTo(before);
    }

    @Test
    @Order(3)
    @DisplayName("A1, A3, A4, A6, E: bad rows of a guest are answered one by one or rejected, and change nothing")
    void answersBadRowsOfGuests() {
        Complaints complaints = new Complaints();

        input.guests(PERCENT, dice.fork("guests"), complaints);

        complaints.assertNone("guests' streams, seed " + SEED);
        assertThat(input.untouched()).isEqualTo(untouched);
    }

    @Test
    @Order(4)
    @DisplayName("S5, F1, F6, E: what an emulator says wrongly is rejected or counted, and its right answers hold")
    void withstandsBadEmulators() {
        Complaints complaints = new Complaints();

        input.emulators(PERCENT, dice.fork("emulators"), complaints);

        input.emulated().checkCounters(complaints);
        complaints.assertNone("emulators' streams, seed " + SEED);
    }

    @Test
    @Order(5)
    @DisplayName("E, L: bytes that are no message end their call alone")
    void endsCallsWhoseBytesAreNoMessage() throws Exception {
        Complaints complaints = new Complaints();

        input.rawBytes(PERCENT, dice.fork("bytes"), complaints);

        complaints.assertNone("bytes, seed " + SEED);
        assertThat(input.untouched()).isEqualTo(untouched);
    }

    @Test
    @Order(6)
    @DisplayName("E: a random request succeeds or is refused as section E says, and other domains do not notice")
    void answersRandomRequests() throws Exception {
        Complaints complaints = new Complaints();

        input.randomRequests(PERCENT, dice.fork("random"), complaints);

        complaints.assertNone("random requests, seed " + SEED);
        assertThat(input.untouched()).isEqualTo(untouched);
    }

    @Test
    @Order(7)
    @DisplayName("L: who does not read what he is answered is not listened to")
    void doesNotQueueForThoseWhoDoNotRead() {
        input.sacrifice();

        assertThat(SilentReader.isGuestHeldBack(input.connect(), RandomMessages.SACRIFICED.getFirst(), ENOUGH_BATCHES))
                .isTrue();
        assertThat(SilentReader.isEmulatorHeldBack(
                        UnaryLoad.as(World.OWNER, input.connect()), input.emulated(), ENOUGH_SMALL_MESSAGES))
                .isTrue();
    }

    @Test
    @Order(8)
    @DisplayName("S4, D1, E: a guest's stream that runs no vCPU ends with its domain")
    void endsAStreamWhoseDomainIsGone() {
        input.sacrifice();
        Wire<AccessRequest, AccessResponse> guest = Wire.open(input.channel(), GuestServiceGrpc.getAccessMethod());
        guest.send(AccessRequest.newBuilder()
                .setOpen(OpenVcpu.newBuilder()
                        .setDomid(RandomMessages.SACRIFICED.getFirst())
                        .setVcpu(World.VCPUS)
                        .setWindow(1))
                .build());
        assertThat(guest.message().hasOpenRefused()).isTrue();

        input.removeAllButKept();

        assertThat(guest.end().map(OutcomeForm::of).flatMap(OutcomeForm.Seen::errno))
                .contains(Errno.ESRCH);
    }

    @Test
    @Order(9)
    @DisplayName("E: a healthy guest and emulator have not noticed any of it")
    void disturbsNobody(TestReporter reporter) throws Exception {
        neighbour.stop();
        stranger.stop();

        bystanders.assertNone("bystanders, seed " + SEED);
        assertThat(neighbour.answered()).isPositive();
        assertThat(stranger.answered()).isPositive();
        assertThat(server.isAlive()).isTrue();
        reporter.publishEntry("requests and rows", Long.toString(input.sent()));
        reporter.publishEntry("answered to bystanders", neighbour.answered() + " and " + stranger.answered());
        reporter.publishEntry(
                "slowest round of a bystander", Math.max(neighbour.slowestMillis(), stranger.slowestMillis()) + " ms");
    }

    @Test
    @Order(10)
    @DisplayName("E: no stack trace on the server")
    void printsNoStackTrace() throws Exception {
        assertThat(server.stackTraces()).isEmpty();
    }

    @Test
    @Order(11)
    @DisplayName("E: the server's memory has not grown")
    void doesNotGrow(TestReporter reporter) throws Exception {
        long heapAfter = server.heapUsedBytes();

        reporter.publishEntry("heap", heapBefore / 1024 + " KiB before, " + heapAfter / 1024 + " KiB after");
        assertThat(heapAfter).isLessThan(2 * heapBefore + HEAP_SLACK_BYTES);
    }
}
