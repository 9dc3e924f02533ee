package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.server.HealthPort;
import io.trapline.server.ListenAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class HealthCommandTest {
    private final Shell shell = new Shell();
    private HealthPort port;
    private String where;

    @BeforeEach
    void start() throws Exception {
        port = HealthPort.start(ListenAddress.ANY_PORT);
        where = port.address().toString();
    }

    @AfterEach
    void stop() {
        port.close();
    }

    @Test
    void isAliveBeforeItIsReady() {
        assertThat(shell.run("health", "--alive", where)).isEqualTo(ExitCode.DONE);
        assertThat(shell.run("health", where)).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.out()).isEqualTo("not ready\n");

        port.ready(true);

        assertThat(shell.run("health", where)).isEqualTo(ExitCode.DONE);
        assertThat(shell.run("health", "--ready", where)).isEqualTo(ExitCode.DONE);
        assertThat(shell.out()).isEqualTo("ready\n");
    }

    @Test
    void isNotAliveWhereItIsStuck() {
        port.alive(false);

        assertThat(shell.run("health", "--alive", where)).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.out()).isEqualTo("not alive\n");
    }

    @Test
    void saysSoWhereNobodyListens() {
        port.close();

        assertThat(shell.run("health", where)).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(shell.err()).contains("unreachable").contains(where);
    }

    @Test
    void saysWhatIsWrongWithItsArguments() {
        assertThat(shell.run("health", "--ready", "--alive", where)).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--ready excludes --alive");
        assertThat(shell.run("health", "nowhere")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("'nowhere' is no HOST:PORT");
        assertThat(shell.run("health")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("TRAPLINE_HEALTH is not set");
    }
}
