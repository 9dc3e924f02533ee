package io.trapline.bench;

import io.grpc.ManagedChannel;
import io.trapline.model.AccessFlags;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetMemTypeRequest;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Forwarded accesses per second through guest, node and emulator in three JVMs, against guest, relay and echo in three JVMs placed alike. Rounds alternate,
 * so that a machine that slows down slows both; only the ratio of a round's two figures counts.
 */
public final class ForwardBench {
    private static final int PAGES = 2048;
    private static final long FIRST_GFN = 0x1000;
    private static final int WARM_UP_ROUNDS = 10;

    private final Settings settings;
    private final Deque<ChildJvm> children = new ArrayDeque<>();

    /**
     * What is measured.
     *
     * @param cluster how the cluster's process is started; it prints {@code ready: ADDRESS}
     * @param rounds alternating rounds that count, 1 and up
     * @param roundMillis how long each side of a round lasts
     * @param rows accesses in a batch, 1 … 1,024
     * @param vcpus how many vCPUs, 1 and up
     * @param window outstanding accesses of a vCPU, rows … 1,024
     */
    public record Settings(Cluster cluster, int rounds, long roundMillis, int rows, int vcpus, int window) {}

    /** A main class and its arguments. */
    public record Cluster(String mainClass, List<String> arguments) {}

    /** One round: accesses per second of both sides. */
    public record Round(double accessesPerSecond, double barePerSecond) {
        /** Trapline's figure as a part of bare's. */
        public double ratio() {
            return accessesPerSecond / barePerSecond;
        }
    }

    /** The rounds that counted. */
    public record Result(List<Round> rounds) {
        public Result {
            rounds = List.copyOf(rounds);
        }

        /** Minimum, median and maximum of Trapline's accesses per second. */
        public double[] accessesPerSecond() {
            return spread(rounds.stream().mapToDouble(Round::accessesPerSecond).toArray());
        }

        /** The same of bare gRPC. */
        public double[] barePerSecond() {
            return spread(rounds.stream().mapToDouble(Round::barePerSecond).toArray());
        }

        /** The same of the rounds' ratios. */
        public double[] ratio() {
            return spread(rounds.stream().mapToDouble(Round::ratio).toArray());
        }

        private static double[] spread(double[] figures) {
            Arrays.sort(figures);
            return new double[] {figures[0], figures[figures.length / 2], figures[figures.length - 1]};
        }
    }

    private ForwardBench(Settings settings) {
        this.settings = settings;
    }

    /** Runs it; {@code progress} hears of each round, the ones that warm up included. */
    public static Result run(Settings settings, Consumer<String> progress) throws IOException {
        ForwardBench bench = new ForwardBench(settings);
        try {
            return bench.measure(progress);
        } finally {
            bench.children.forEach(ChildJvm::close);
        }
    }

    private Result measure(Consumer<String> progress) throws IOException {
        ChildJvm forwarded = startTrapline();
        ChildJvm bare = startBare();
        List<Round> rounds = new ArrayList<>();
        for (int i = 0; i < WARM_UP_ROUNDS + settings.rounds(); i++) {
            Round round = new Round(perSecond(forwarded), perSecond(bare));
            boolean counts = i >= WARM_UP_ROUNDS;
            if (counts) {
                rounds.add(round);
            }
            progress.accept("%s: %,.0f accesses/s, bare %,.0f, ratio %.3f"
                    .formatted(
                            counts ? "round " + rounds.size() : "warm-up",
                            round.accessesPerSecond(),
                            round.barePerSecond(),
                            round.ratio()));
        }
        return new Result(rounds);
    }

    private double perSecond(ChildJvm guest) throws IOException {
        guest.writeLine(Long.toString(settings.roundMillis()));
        return GuestDriver.Figure.parse(guest.readLine()).perSecond();
    }

    private ChildJvm startTrapline() throws IOException {
        ChildJvm cluster = start(
                "cluster", settings.cluster().mainClass(), settings.cluster().arguments());
        String address = cluster.awaitReady();
        ManagedChannel channel = Transport.connect(address);
        try {
            int domid = makeDomain(channel);
            CreateIoreqServerResponse server = makeServer(channel, domid);
            startProcess(
                    "emulator",
                    address,
                    Integer.toString(domid),
                    Integer.toString(server.getId()),
                    Long.toString(server.getGeneration()));
            return startGuest(address, domid);
        } finally {
            channel.shutdownNow();
        }
    }

    private int makeDomain(ManagedChannel channel) {
        int domid = DomainServiceGrpc.newBlockingStub(channel)
                .createDomain(CreateDomainRequest.newBuilder()
                        .setNrPages(FIRST_GFN + PAGES)
                        .setNrVcpus(settings.vcpus())
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .build())
                .getDomain()
                .getDomid();
        MemoryServiceGrpc.newBlockingStub(channel)
                .setMemType(SetMemTypeRequest.newBuilder()
                        .setDomid(domid)
                        .addRuns(MemTypeRun.newBuilder()
                                .setFirstGfn(FIRST_GFN)
                                .setCount(PAGES)
                                .setType(MemType.MEM_TYPE_IOREQ_SERVER_0))
                        .build());
        return domid;
    }

    private static CreateIoreqServerResponse makeServer(ManagedChannel channel, int domid) {
        IoreqServerServiceGrpc.IoreqServerServiceBlockingStub servers = IoreqServerServiceGrpc.newBlockingStub(channel);
        CreateIoreqServerResponse server = servers.createIoreqServer(
                CreateIoreqServerRequest.newBuilder().setDomid(domid).build());
        servers.mapMemType(MapMemTypeRequest.newBuilder()
                .setDomid(domid)
                .setId(server.getId())
                .setType(MemType.MEM_TYPE_IOREQ_SERVER_0)
                .setFlags(AccessFlags.WRITE)
                .build());
        servers.setIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                .setDomid(domid)
                .setId(server.getId())
                .setEnabled(true)
                .build());
        return server;
    }

    private ChildJvm startBare() throws IOException {
        String echo = startProcess("echo").address;
        String relay = startProcess("relay", echo).address;
        return startGuest(relay, 1);
    }

    private ChildJvm startGuest(String address, int domid) throws IOException {
        Load load = new Load(domid, settings.vcpus(), settings.rows(), settings.window(), FIRST_GFN << 12, PAGES);
        List<String> arguments = new ArrayList<>(List.of(address));
        arguments.addAll(load.arguments());
        return startProcess("guest", arguments.toArray(String[]::new)).jvm;
    }

    private record Started(ChildJvm jvm, String address) {}

    private Started startProcess(String role, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of(role));
        all.addAll(List.of(arguments));
        ChildJvm jvm = start(role, BenchProcess.class.getName(), all);
        return new Started(jvm, jvm.awaitReady());
    }

    private ChildJvm start(String name, String mainClass, List<String> arguments) throws IOException {
        ChildJvm jvm = ChildJvm.start(name, mainClass, arguments);
        children.push(jvm);
        return jvm;
    }
}
