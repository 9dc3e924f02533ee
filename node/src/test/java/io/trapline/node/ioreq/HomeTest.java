package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-15, D-21: a server's home is another node's")
final class HomeTest {
    /** The emulator has attached elsewhere. */
    private static ServerScene left(ServerScene scene) {
        scene.session = 0;
        scene.change();
        scene.take();
        scene.rules.left(scene.now);
        return scene;
    }

    @Test
    void whatWasNotDeliveredGoesBack() {
        ServerScene scene = new ServerScene();
        scene.forward(Row.of(0, 1), Row.of(1, 1), Row.of(1, 2));
        scene.take();
        assertThat(left(scene).take()).containsExactly("again v0#1 v1#1 v1#2");
        assertThat(scene.rules.counters().inFlight()).isZero();
    }

    @Test
    @DisplayName("A4: what was delivered is never decided again here: whether it was carried out is not known")
    void whatWasDeliveredMayOnlyTimeOut() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).within(1_000));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");
        assertThat(left(scene).take()).isEmpty();
        scene.after(1_000);
        assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT");
    }
}
