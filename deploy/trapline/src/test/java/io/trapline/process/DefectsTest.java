package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DefectsTest {
    @TempDir
    Path logs;

    @Test
    void namesTheLogAndTheExceptionOfAnActorThatDied() throws Exception {
        Files.writeString(logs.resolve("n1.log"), """
                17:03:24.332 WARN  CoordinatorLink: the node's lease has ended: it serves nobody until it has another
                17:03:25.001 ERROR NodeRegistry: domain-1-6-server-0-9 died (java.lang.IllegalStateException: no); domain 1 fails at this node
                java.lang.IllegalStateException: no
                \tat io.trapline.node.ioreq.EmulatorStream.send(EmulatorStream.java:321)
                17:03:25.002 ERROR CoordinatorLink: this life of the node is over: another one has registered
                """);
        Files.writeString(logs.resolve("n2.log"), "17:03:25.003 WARN  PeerLink: n1 is not there\n");

        assertThat(Defects.in(logs))
                .containsExactly("n1.log: 17:03:25.001 ERROR NodeRegistry: domain-1-6-server-0-9 died"
                        + " (java.lang.IllegalStateException: no); domain 1 fails at this node"
                        + " | java.lang.IllegalStateException: no"
                        + " | at io.trapline.node.ioreq.EmulatorStream.send(EmulatorStream.java:321)");
    }

    @Test
    void aFolderThatIsNotThereHasNone() throws Exception {
        assertThat(Defects.in(logs.resolve("none"))).isEmpty();
    }
}
