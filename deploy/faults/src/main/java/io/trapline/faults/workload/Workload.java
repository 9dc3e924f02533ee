package io.trapline.faults.workload;

import io.trapline.client.DomainRef;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Many clients at one domain: a guest a vCPU, servers with an emulator and an operator each, and the domain's own operator. All that they do is in the history;
 * what they choose follows from the seed, when they do it does not. Used by one thread.
 */
public final class Workload implements AutoCloseable {
    private static final String DEVICE = "device-";
    /** More than any access may take (A1). */
    private static final long LAST_OUTCOMES_SECONDS = 45;

    private static final List<Bufioreq> BUFFERING =
            List.of(Bufioreq.BUFIOREQ_ATOMIC, Bufioreq.BUFIOREQ_LEGACY, Bufioreq.BUFIOREQ_OFF);

    private final TraplineConnection owner;
    private final Stage stage;
    private final Scene scene;
    private final SplittableRandom random;
    private final Turnover turnover;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Future<?>> busy = new LinkedHashMap<>();

    private Workload(TraplineConnection owner, Stage stage, Scene scene, SplittableRandom random) {
        this.owner = owner;
        this.stage = stage;
        this.scene = scene;
        this.random = random;
        this.turnover = new Turnover(stage, threads, random.split());
    }

    /** Creates the domain and its servers and sets everybody to work; a guest pauses between two accesses for up to {@code longestPause}. Throws {@link io.trapline.client.TraplineException}. */
    public static Workload begin(Doors doors, DomainMemory memory, Duration longestPause, long seed, History history) {
        TraplineConnection owner = doors.operator("operator");
        boolean isBegun = false;
        try {
            Stage stage = new Stage(doors, history, longestPause);
            Scene scene = create(stage, owner, memory);
            Workload workload = new Workload(owner, stage, scene, new SplittableRandom(seed));
            workload.start();
            isBegun = true;
            return workload;
        } finally {
            if (!isBegun) {
                owner.close();
            }
        }
    }

    private static Scene create(Stage stage, TraplineConnection owner, DomainMemory memory) {
        long start = stage.history.now();
        Domain domain = owner.domains().create(Layout.NR_PAGES, Layout.VCPUS, memory);
        Span span = stage.history.since(start);
        boolean isReplicated = memory == DomainMemory.DOMAIN_MEMORY_REPLICATED;
        int domid = domain.getDomid();
        stage.history.add(new Event.Created(domid, domid, domain.getGeneration(), isReplicated, span, Outcome.DONE));
        return new Scene(stage, DomainRef.of(domain), domid);
    }

    private void start() {
        for (int i = 0; i < Layout.SERVERS; i++) {
            String principal = DEVICE + i;
            ServerRef server;
            try (TraplineConnection device = stage.doors.operator(principal)) {
                server = device.ioreqServers().create(scene.domain, options(i));
            }
            threads.execute(stage.safely(new EmulatorClient(scene, server, principal, random.split())));
            engage("the operator of " + principal, new DeviceOperator(scene, server, principal, random.split()));
        }
        for (int vcpu = 0; vcpu < Layout.VCPUS; vcpu++) {
            engage("the guest of vCPU " + vcpu, new GuestClient(scene, vcpu, random.split()));
        }
        engage("the operator of the domain", new DomainOperator(scene, random.split()));
        engage("whoever creates and destroys domains", turnover);
    }

    /** What is posted waits at two of three servers, and no slot is given up, so that nothing that was posted is lost (F3, F4). */
    private static CreateIoreqServerRequest options(int number) {
        return CreateIoreqServerRequest.newBuilder()
                .setBufioreq(BUFFERING.get(number % BUFFERING.size()))
                .setTimeoutMs(0)
                .build();
    }

    private void engage(String name, Runnable client) {
        busy.put(name, threads.submit(stage.safely(client)));
    }

    /** The domain. */
    public DomainRef domain() {
        return scene.domain;
    }

    /** The id of the domain with a single copy of its memory that lives now. */
    public OptionalInt passingDomain() {
        return turnover.present();
    }

    /** How often guests have gone on at another host by themselves. */
    public long hops() {
        return stage.hops.get();
    }

    /** How often streams of guests were lost and resumed. */
    public long guestResumptions() {
        return stage.guestResumptions.get();
    }

    /** How often streams of emulators were resumed. */
    public long emulatorResumptions() {
        return stage.emulatorResumptions.get();
    }

    /** What clients have met that they cannot: faults of the workload itself, or of the client library. */
    public List<Throwable> broken() {
        return List.copyOf(stage.broken());
    }

    /** Whether there is no room to record more. */
    public boolean isFull() {
        return stage.history.isFull();
    }

    /** From here on nothing is broken any more, and clients break nothing either: what begins now must succeed. */
    public void healed() {
        stage.calm();
        long now = stage.history.now();
        stage.history.add(new Event.Healed(new Span(now, now)));
    }

    /**
     * Lets everybody come to an end, then reads every word, as a guest and past every claim, and lists the claims. Who does not come to an
     * end within {@code patience} is among the {@link #broken} with what is waited for (G-1), and nothing is read.
     */
    public void finish(Duration patience) throws InterruptedException {
        stage.over();
        if (!awaitAll(patience)) {
            return;
        }
        if (scene.held.get() == 0) {
            long now = stage.history.now();
            stage.history.add(new Event.AllReleased(scene.domid(), new Span(now, now)));
        }
        stage.safely(() -> new DomainOperator(scene, random.split()).readAll(Layout.words()))
                .run();
        stage.safely(() -> new GuestClient(scene, 0, random.split()).readAll(Layout.words()))
                .run();
        awaitRecorded();
    }

    private void awaitRecorded() throws InterruptedException {
        int phase = stage.recording.arrive();
        try {
            stage.recording.awaitAdvanceInterruptibly(phase, LAST_OUTCOMES_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException forEver) {
            isStuck("an access that was sent");
        }
    }

    private boolean awaitAll(Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        boolean allEnded = true;
        for (Map.Entry<String, Future<?>> one : busy.entrySet()) {
            try {
                one.getValue().get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException forEver) {
                allEnded = false;
                isStuck(one.getKey());
            } catch (ExecutionException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
        return allEnded;
    }

    private void isStuck(String who) {
        stage.broke(new TimeoutException("G-1: " + who + " has come to no end after everything was healed. Waited for: "
                + String.join("; ", stage.waiting.longest())));
    }

    /** Ends everybody; the domain stays for whoever wants to look at it. */
    @Override
    public void close() {
        stage.over();
        stage.close();
        // Whoever waits for what never comes is not waited for; what has come to an end is in the history.
        boolean isStuck = busy.values().stream().anyMatch(one -> !one.isDone());
        if (isStuck) {
            threads.shutdownNow();
        } else {
            threads.close();
        }
        owner.close();
    }
}
