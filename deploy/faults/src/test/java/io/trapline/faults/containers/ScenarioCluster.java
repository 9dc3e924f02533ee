package io.trapline.faults.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.dockerjava.api.exception.DockerException;
import io.trapline.client.TraplineConnection;
import io.trapline.faults.chaos.Chaos;
import io.trapline.faults.chaos.Outlook;
import io.trapline.faults.history.History;
import io.trapline.faults.history.HistoryFile;
import java.io.IOException;
import java.io.Serial;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;

/**
 * Three coordinators and three nodes in containers that all scenarios of a class share. Guests, emulators and operators are at them in each, and the history of
 * what they did is checked: nothing promised is broken, and everything works again once the fault is healed. A fault that had no effect fails its scenario.
 * Used by one thread.
 */
final class ScenarioCluster
        implements BeforeAllCallback,
                AfterAllCallback,
                BeforeEachCallback,
                AfterTestExecutionCallback,
                InvocationInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(ScenarioCluster.class);

    /** Nothing more than the fault. */
    static final Chaos.During NOTHING = broken -> {};

    private static final String ASK = "no Docker engine answers: apt-get install docker.io iptables, and start dockerd";
    private static final int COORDINATORS = 3;
    private static final int NODES = 3;
    private static final Path KEPT = Path.of("target");

    private @Nullable ContainerTarget target;

    @Override
    public void beforeAll(ExtensionContext scenarios) {
        assumeTrue(DockerClientFactory.instance().isDockerAvailable(), ASK);
        target = ContainerTarget.start(COORDINATORS, NODES);
    }

    @Override
    public void beforeEach(ExtensionContext scenario) throws IOException, InterruptedException {
        if (target == null) {
            target = ContainerTarget.start(COORDINATORS, NODES);
        }
        target().clear();
    }

    /**
     * Where the engine does not do what it is asked, that says nothing of Trapline: the scenario is told once more, to a new cluster. So it is where a fault had
     * no effect, or took the only copy, to the same one: where the machine has stood still for long enough, a second copy was given up just before.
     */
    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> story, ExtensionContext scenario)
            throws Throwable {
        try {
            invocation.proceed();
        } catch (DockerException engine) {
            LOG.warn("{}: the Docker engine failed, told once more", scenario.getDisplayName(), engine);
            target().close();
            target = ContainerTarget.start(COORDINATORS, NODES);
            again(story.getExecutable(), scenario.getRequiredTestInstance());
        } catch (NoEffectError | Outlook.OnlyCopyLostException nothing) {
            LOG.warn("{}: told once more", scenario.getDisplayName(), nothing);
            target().clear();
            again(story.getExecutable(), scenario.getRequiredTestInstance());
        }
    }

    /** A fault that has proved nothing. */
    private static final class NoEffectError extends AssertionError {
        @Serial
        private static final long serialVersionUID = 1L;

        NoEffectError(String message) {
            super(message);
        }
    }

    private static void again(Method story, Object scenarios) throws Throwable {
        story.setAccessible(true);
        try {
            story.invoke(scenarios);
        } catch (InvocationTargetException failed) {
            throw Objects.requireNonNull(failed.getCause());
        }
    }

    /** Whatever a scenario failed at, a person finds what the members said, with what each was doing; the next one does not inherit it. */
    @Override
    public void afterTestExecution(ExtensionContext scenario) throws IOException, InterruptedException {
        if (scenario.getExecutionException().isPresent()) {
            String name = "faults-" + scenario.getRequiredTestMethod().getName() + ".log";
            target().members().dumpThreads();
            Files.writeString(Files.createDirectories(KEPT).resolve(name), target().logs());
            target().close();
            target = null;
        }
    }

    @Override
    public void afterAll(ExtensionContext scenarios) {
        if (target != null) {
            target.close();
        }
    }

    ContainerTarget target() {
        return Objects.requireNonNull(target);
    }

    /** To all nodes. */
    TraplineConnection connection(String principal, Duration patience) {
        return connection(target().addresses(), principal, patience);
    }

    static TraplineConnection connection(String addresses, String principal, Duration patience) {
        return TraplineConnection.builder()
                .addresses(addresses)
                .principal(principal)
                .timeout(patience)
                .build();
    }

    /** Those faults, one after the other. */
    History tell(String... faults) throws IOException, InterruptedException {
        return tell(List.of(faults), NOTHING);
    }

    /** The same, where something is looked at while it is broken. */
    History tell(List<String> faults, Chaos.During during) throws IOException, InterruptedException {
        List<String> notes = new ArrayList<>();
        History history = new History();
        Chaos.Settings settings = new Chaos.Settings(1, Duration.ZERO, notes::add, () -> false);

        Chaos.Result result = Chaos.tell(target(), settings, history, faults, during);

        check(result, history, notes);
        assertThat(result.faults()).isEqualTo(faults.size());
        return history;
    }

    /** A restart that nobody notices who retries. */
    void restart(String fault) throws IOException, InterruptedException {
        assertThat(GuestErrors.of(tell(fault).events())).isEmpty();
    }

    /** Whatever follows from the seed, for so long. */
    void chance(long seed, Duration duration) throws IOException, InterruptedException {
        List<String> notes = new ArrayList<>(List.of("seed " + seed));
        History history = new History();

        Chaos.Result result = Chaos.run(target(), new Chaos.Settings(seed, duration, notes::add, () -> false), history);

        check(result, history, notes);
    }

    private static void check(Chaos.Result result, History history, List<String> notes) throws IOException {
        String kept = result.isFaultless() ? "" : keep(history);
        assertThat(result.report().findings()).as("%s %s", notes, kept).isEmpty();
        assertThat(result.broken()).as("%s %s", notes, kept).isEmpty();
        assertThat(result.report().operations()).isPositive();
        if (!result.withoutEffect().isEmpty()) {
            throw new NoEffectError("without effect: " + result.withoutEffect() + " " + notes + " " + kept);
        }
    }

    /** Where a person finds what clients saw. */
    private static String keep(History history) throws IOException {
        Path file = Files.createTempFile(Files.createDirectories(KEPT), "faults-", ".jsonl");
        HistoryFile.write(file, history.events());
        return "kept in " + file.toAbsolutePath();
    }
}
