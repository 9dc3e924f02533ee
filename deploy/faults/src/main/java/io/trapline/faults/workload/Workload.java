package io.trapline.faults.workload;

import io.trapline.client.DomainRef;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.history.Span;
import io.trapline.v1.DomainMemory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private static final long LAST_OUTCOMES_SECONDS = 60;

    private final TraplineConnection owner;
    private final Stage stage;
    private final SplittableRandom random;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Future<?>> busy = new LinkedHashMap<>();

    private Workload(TraplineConnection owner, Stage stage, SplittableRandom random) {
        this.owner = owner;
        this.stage = stage;
        this.random = random;
    }

    /** Creates the domain and its servers and sets everybody to work. Throws {@link io.trapline.client.TraplineException}. */
    public static Workload begin(Doors doors, DomainMemory memory, long seed, History history) {
        TraplineConnection owner = doors.operator("operator");
        boolean isBegun = false;
        try {
            DomainRef domain = DomainRef.of(owner.domains().create(Layout.NR_PAGES, Layout.VCPUS, memory));
            Workload workload = new Workload(owner, new Stage(doors, domain, history), new SplittableRandom(seed));
            workload.start();
            isBegun = true;
            return workload;
        } finally {
            if (!isBegun) {
                owner.close();
            }
        }
    }

    private void start() {
        for (int i = 0; i < Layout.SERVERS; i++) {
            String principal = DEVICE + i;
            ServerRef server;
            try (TraplineConnection device = stage.doors.operator(principal)) {
                server = device.ioreqServers().create(stage.domain);
            }
            threads.execute(safely(new EmulatorClient(stage, server, principal, random.split())));
            engage("the operator of " + principal, new DeviceOperator(stage, server, principal, random.split()));
        }
        for (int vcpu = 0; vcpu < Layout.VCPUS; vcpu++) {
            engage("the guest of vCPU " + vcpu, new GuestClient(stage, vcpu, random.split()));
        }
        engage("the operator of the domain", new DomainOperator(stage, random.split()));
    }

    private void engage(String name, Runnable client) {
        busy.put(name, threads.submit(safely(client)));
    }

    private Runnable safely(Runnable client) {
        return () -> {
            try {
                client.run();
            } catch (RuntimeException | Error broken) {
                stage.broke(broken);
            }
        };
    }

    /** The domain. */
    public DomainRef domain() {
        return stage.domain;
    }

    /** How often streams of guests were resumed. */
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
     * end within {@code patience} is among the {@link #broken} (G-1), and nothing is read.
     */
    public void finish(Duration patience) throws InterruptedException {
        stage.over();
        if (!awaitAll(patience)) {
            return;
        }
        safely(() -> new DomainOperator(stage, random.split()).readAll(Layout.words()))
                .run();
        safely(() -> new GuestClient(stage, 0, random.split()).readAll(Layout.words()))
                .run();
        awaitRecorded();
    }

    private void awaitRecorded() throws InterruptedException {
        int phase = stage.recording.arrive();
        try {
            stage.recording.awaitAdvanceInterruptibly(phase, LAST_OUTCOMES_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException forEver) {
            stage.broke(forEver);
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
                stage.broke(new TimeoutException("G-1: " + one.getKey() + " has come to no end within "
                        + patience.toSeconds() + " s after everything was healed"));
            } catch (ExecutionException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
        return allEnded;
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
