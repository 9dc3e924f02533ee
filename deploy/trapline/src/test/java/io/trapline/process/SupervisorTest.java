package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.process.Supervisor.Change;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The supervisor over processes that only say what they do. */
@Tag("processes")
@Timeout(120)
final class SupervisorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path data;

    private final List<Change> changes = new CopyOnWriteArrayList<>();

    private Supervisor start(int coordinators, int nodes, boolean restarts) throws Exception {
        return Supervisor.start(
                new Supervisor.Plan(
                        coordinators, nodes, data, ListenAddress.ANY_PORT, restarts, FakeProcess.class.getName()),
                changes::add);
    }

    private List<ProcessState> statesOf(String id) {
        return changes.stream()
                .filter(change -> change.id().equals(id))
                .map(Change::state)
                .toList();
    }

    private long pidOf(String id) {
        return changes.stream()
                .filter(change -> change.id().equals(id))
                .toList()
                .getLast()
                .pid();
    }

    private void kill(String id) {
        assertThat(ProcessHandle.of(pidOf(id)).orElseThrow().destroyForcibly()).isTrue();
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    @Test
    void tellsWhatEachDoesAndEndsThemAll() throws Exception {
        try (Supervisor supervisor = start(3, 2, false)) {
            assertThat(supervisor.addresses().split(",")).hasSize(2);
            assertThat(statesOf("c1")).containsExactly(ProcessState.STARTING, ProcessState.LEADING);
            assertThat(statesOf("c3")).containsExactly(ProcessState.STARTING, ProcessState.FOLLOWING);
            assertThat(statesOf("n2")).containsExactly(ProcessState.STARTING, ProcessState.SERVING);
        }
        assertThat(changes).extracting(Change::pid).noneMatch(SupervisorTest::isAlive);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(statesOf("n1")).endsWith(ProcessState.DEAD));
    }

    @Test
    void nobodyElseUsesItsDirectory() throws Exception {
        try (Supervisor supervisor = start(1, 1, false)) {
            assertThatThrownBy(() -> start(1, 1, false))
                    .isInstanceOf(StartException.class)
                    .hasMessage("data directory " + data + ": another 'up' is using it");
            assertThat(statesOf("c1")).containsExactly(ProcessState.STARTING, ProcessState.LEADING);
            assertThat(supervisor.addresses()).isNotEmpty();
        }
        start(1, 1, false).close();
    }

    @Test
    void whoIsKilledStaysDead() throws Exception {
        try (Supervisor supervisor = start(1, 2, false)) {
            kill("n1");
            await().atMost(PATIENCE).until(() -> statesOf("n1").contains(ProcessState.DEAD));
            kill("n2");
            await().atMost(PATIENCE).until(() -> statesOf("n2").contains(ProcessState.DEAD));
            assertThat(statesOf("n1")).containsExactly(ProcessState.STARTING, ProcessState.SERVING, ProcessState.DEAD);
            assertThat(supervisor.addresses()).isNotEmpty();
        }
    }

    @Test
    void whoIsKilledIsStartedAgainWhereThatIsWanted() throws Exception {
        try (Supervisor supervisor = start(1, 1, true)) {
            long before = pidOf("n1");
            kill("n1");
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(statesOf("n1"))
                            .containsExactly(
                                    ProcessState.STARTING,
                                    ProcessState.SERVING,
                                    ProcessState.DEAD,
                                    ProcessState.STARTING,
                                    ProcessState.SERVING));
            assertThat(pidOf("n1")).isNotEqualTo(before);
            assertThat(supervisor.addresses()).isNotEmpty();
        }
    }

    @Test
    void saysWhyOneCouldNotStartAndEndsTheOthers() throws Exception {
        Files.writeString(data.resolve("c2.broken"), "");
        assertThatThrownBy(() -> start(3, 1, false))
                .isInstanceOf(StartException.class)
                .hasMessage("c2 ended: trapline: c2 is broken");
        assertThat(changes).extracting(Change::pid).noneMatch(SupervisorTest::isAlive);
    }
}
