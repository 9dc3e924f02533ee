package io.trapline.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@DisplayName("What is logged where nobody asks for more")
@ResourceLock(Resources.SYSTEM_ERR)
final class LogsTest {
    private static String logged(String logger) {
        PrintStream before = System.err;
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            LoggerContext context = new LoggerContext();
            context.setMDCAdapter(new LogbackMDCAdapter());
            Logs.toStderr(context);
            context.getLogger(logger).error("failed to append", new IOException("the disk is away"));
            context.stop();
        } finally {
            System.setErr(before);
        }
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("an error of Raft's with its reason, and without its frames")
    void saysWhyOthersFail() {
        assertThat(logged("org.apache.ratis.server.RaftServer"))
                .containsOnlyOnce("failed to append")
                .contains("the disk is away")
                .doesNotContain("\tat ");
    }

    @Test
    @DisplayName("an error of ours that nobody expected with all of it")
    void showsWhereOursFail() {
        assertThat(logged("io.trapline.node.registry.NodeRegistry"))
                .containsOnlyOnce("failed to append")
                .contains("\tat " + LogsTest.class.getName());
    }
}
