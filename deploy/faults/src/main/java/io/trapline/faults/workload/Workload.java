package io.trapline.faults.workload;

import io.trapline.client.DomainRef;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.history.Span;
import io.trapline.v1.DomainMemory;
import java.util.ArrayList;
import java.util.List;
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
    private final List<Future<?>> busy = new ArrayList<>();

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
            busy.add(threads.submit(safely(new DeviceOperator(stage, server, principal, random.split()))));
        }
        for (int vcpu = 0; vcpu < Layout.VCPUS; vcpu++) {
            busy.add(threads.submit(safely(new GuestClient(stage, vcpu, random.split()))));
        }
        busy.add(threads.submit(safely(new DomainOperator(stage, random.split()))));
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

    /** Lets everybody come to an end, then reads every word, as a guest and past every claim, and lists the claims. */
    public void finish() throws InterruptedException {
        stage.over();
        awaitAll();
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

    private void awaitAll() throws InterruptedException {
        for (Future<?> one : busy) {
            try {
                one.get();
            } catch (ExecutionException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    /** Ends everybody; the domain stays for whoever wants to look at it. */
    @Override
    public void close() {
        stage.over();
        stage.close();
        threads.close();
        owner.close();
    }
}
