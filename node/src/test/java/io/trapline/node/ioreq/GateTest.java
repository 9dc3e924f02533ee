package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.Gate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("F2: calls made for a server")
final class GateTest {
    private final ServerScene scene = ServerScene.buffering();

    @BeforeEach
    void deliverTwo() {
        scene.attach(ServerScene.RUN, 2);
        scene.forward(Row.of(0, 1), Row.of(0, 2).post(), Row.of(0, 3));
        scene.take();
    }

    private static void refuses(java.util.Optional<Refusal> refusal, Errno errno) {
        assertThat(refusal.map(Refusal::errno)).contains(errno);
    }

    @Test
    void passWhileTheirIoreqsAreUnderWay() {
        assertThat(scene.gate()).isEmpty();
        assertThat(scene.gate(Row.of(0, 1), Row.of(0, 2))).isEmpty();
    }

    @Test
    @DisplayName("F2: ESTALE once an ioreq was completed otherwise, or was never delivered")
    void areRefusedForAnIoreqThatIsNotUnderWay() {
        refuses(scene.gate(Row.of(0, 1), Row.of(0, 3)), Errno.ESTALE);
        refuses(scene.gate(Row.of(5, 1)), Errno.ESTALE);
        refuses(scene.gate(Row.of(0, 1).part(1)), Errno.ESTALE);
        scene.answer(Row.of(0, 1), Row.of(0, 2));
        refuses(scene.gate(Row.of(0, 1)), Errno.ESTALE);
        refuses(scene.gate(Row.of(0, 2)), Errno.ESTALE);
        assertThat(scene.gate(Row.of(0, 3))).isEmpty();
        scene.after(5_000);
        refuses(scene.gate(Row.of(0, 3)), Errno.ESTALE);
    }

    @Test
    @DisplayName("F2: ESTALE once a newer session is active")
    void areRefusedForAFencedSession() {
        long first = scene.session;
        scene.begin(ServerScene.OTHER_RUN);

        refuses(scene.rules.gate(gate(ServerScene.PRINCIPAL, 0, first)), Errno.ESTALE);
        assertThat(scene.rules.gate(gate(ServerScene.PRINCIPAL, 0, scene.session)))
                .isEmpty();
        refuses(scene.rules.gate(gate(ServerScene.PRINCIPAL, 0, scene.session + 1)), Errno.ESTALE);
        refuses(scene.rules.gate(gate(ServerScene.PRINCIPAL, 0, 0)), Errno.ESTALE);
    }

    @Test
    @DisplayName("F2: a lost connection alone fences nobody")
    void passForASessionWhoseStreamIsLostUntilANewerOneBegins() {
        long first = scene.session;
        scene.lose();
        scene.session = 0;
        scene.change();

        assertThat(scene.rules.gate(new Gate(ServerScene.PRINCIPAL, ServerScene.ID, 0, first, Row.keys(Row.of(0, 1)))))
                .isEmpty();
    }

    @Test
    @DisplayName("S3: EPERM for another principal, ENOENT for another generation first")
    void checkExistenceThenOwnershipThenConflict() {
        refuses(scene.rules.gate(gate("mallory", 99, 1)), Errno.ENOENT);
        refuses(scene.rules.gate(gate("mallory", ServerScene.GENERATION, 1)), Errno.EPERM);
        refuses(scene.rules.gate(gate(ServerScene.PRINCIPAL, ServerScene.GENERATION, 1)), Errno.ESTALE);
    }

    private static Gate gate(String principal, long generation, long session) {
        return new Gate(principal, ServerScene.ID, generation, session, Row.keys());
    }
}
