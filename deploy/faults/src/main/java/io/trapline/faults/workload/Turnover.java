package io.trapline.faults.workload;

import io.trapline.client.DomainRef;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Domains with a single copy of their memory that come and go, one after the other under the same id: each is destroyed while a guest, an emulator and
 * operators are at it, which go on for a while. They have the ids, servers and vCPUs of the ones before, and nothing of theirs (D1, S1).
 */
final class Turnover implements Runnable {
    private static final String PRINCIPAL = "passing-device";
    /** Lives are called so in the history, above every id. */
    private static final int FIRST_LIFE = 1_000_000;

    private static final int LIFE_MILLIS = 2_500;
    private static final int GOES_ON_MILLIS = 300;
    private static final int REST_MILLIS = 800;
    private static final int MOST_ATTEMPTS = 20;
    private static final int BETWEEN_ATTEMPTS_MILLIS = 100;
    private static final int ENDS_SECONDS = 60;

    private final Stage stage;
    private final ExecutorService threads;
    private final SplittableRandom random;
    private int lives;
    private volatile int present = -1;

    Turnover(Stage stage, ExecutorService threads, SplittableRandom random) {
        this.stage = stage;
        this.threads = threads;
        this.random = random;
    }

    /** The id of the domain that lives now. */
    OptionalInt present() {
        int domid = present;
        return domid < 0 ? OptionalInt.empty() : OptionalInt.of(domid);
    }

    @Override
    public void run() {
        try (TraplineConnection operator = stage.doors.operator("turnover")) {
            // Whatever begins once all is calm must succeed.
            while (!stage.isOver() && !stage.isCalm()) {
                Scene scene = create(operator);
                if (scene != null) {
                    live(operator, scene);
                }
                Stage.pause(random.nextInt(REST_MILLIS));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Scene create(TraplineConnection operator) {
        int life = FIRST_LIFE + ++lives;
        long start = stage.history.now();
        try (Waiting.Until _ = stage.waiting.begin(() -> "a passing domain is to be created")) {
            Domain domain =
                    operator.domains().create(Layout.NR_PAGES, Layout.VCPUS, DomainMemory.DOMAIN_MEMORY_VOLATILE);
            created(life, domain.getDomid(), domain.getGeneration(), start, Outcome.DONE);
            return new Scene(stage, DomainRef.of(domain), life);
        } catch (TraplineException failure) {
            created(life, -1, 0, start, Outcomes.of(failure));
            return null;
        }
    }

    private void created(int life, int id, long generation, long start, Outcome outcome) {
        stage.history.add(new Event.Created(life, id, generation, false, stage.history.since(start), outcome));
    }

    private void live(TraplineConnection operator, Scene scene) throws InterruptedException {
        List<Future<?>> clients = new ArrayList<>();
        int vcpu = random.nextInt(Layout.VCPUS);
        clients.add(threads.submit(stage.safely(new GuestClient(scene, vcpu, random.split()))));
        clients.add(threads.submit(stage.safely(new DomainOperator(scene, random.split()))));
        try (TraplineConnection device = stage.doors.operator(PRINCIPAL)) {
            ServerRef server = device.ioreqServers().create(scene.domain);
            clients.add(threads.submit(stage.safely(new EmulatorClient(scene, server, PRINCIPAL, random.split()))));
            clients.add(threads.submit(stage.safely(new DeviceOperator(scene, server, PRINCIPAL, random.split()))));
        } catch (TraplineException notNow) {
            // Then it has none: guests are at it all the same.
            Stage.pause(BETWEEN_ATTEMPTS_MILLIS);
        }
        present = scene.domain.domid().value();
        Stage.pause(random.nextInt(LIFE_MILLIS));
        present = -1;
        destroy(operator, scene);
        Stage.pause(random.nextInt(GOES_ON_MILLIS));
        scene.over();
        scene.close();
        awaitEnd(clients);
    }

    /** Until it is certain that it is gone. */
    private void destroy(TraplineConnection operator, Scene scene) {
        for (int i = 0; i < MOST_ATTEMPTS; i++) {
            Outcome outcome = destroyOnce(operator, scene);
            if (outcome.isDone() || outcome.is("ESRCH")) {
                return;
            }
            Stage.pause(BETWEEN_ATTEMPTS_MILLIS);
        }
    }

    private Outcome destroyOnce(TraplineConnection operator, Scene scene) {
        long start = stage.history.now();
        long revision = 0;
        Outcome outcome = Outcome.DONE;
        try (Waiting.Until _ = scene.waits(() -> "it is to be destroyed")) {
            revision = operator.domains().destroy(scene.domain);
        } catch (TraplineException failure) {
            outcome = Outcomes.of(failure);
        }
        stage.history.add(new Event.Destroyed(scene.domid(), revision, stage.history.since(start), outcome));
        return outcome;
    }

    private void awaitEnd(List<Future<?>> clients) throws InterruptedException {
        for (Future<?> client : clients) {
            try {
                client.get(ENDS_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException forEver) {
                stage.broke(new TimeoutException("G-1: a client of a domain that is destroyed has come to no end; "
                        + String.join("; ", stage.waiting.longest())));
                return;
            } catch (ExecutionException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }
}
