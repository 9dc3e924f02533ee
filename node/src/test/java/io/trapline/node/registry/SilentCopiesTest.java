package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardPlace;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

@DisplayName("D4: a primary says of which copy it hears nothing, and for how long")
final class SilentCopiesTest {
    private static final Life PRIMARY = new Life("n1", 1);
    private static final Life COPY = new Life("n2", 2);

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(SilentCopies.class);
    private final SilentCopies silent = new SilentCopies(3, 17);

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(log);
    }

    @Test
    void onceOfARunAndAnEpoch() {
        silent.silent(5, place(ShardPlace.State.DUAL, 42), 612_000_000);
        silent.silent(5, place(ShardPlace.State.DUAL, 42), 862_000_000);
        silent.silent(6, place(ShardPlace.State.DUAL, 42), 863_000_000);
        assertThat(log.list).hasSize(1);
        assertThat(log.list.getFirst().getLevel()).isEqualTo(Level.WARN);
        assertThat(log.list.getFirst().getFormattedMessage())
                .isEqualTo(
                        "domain 3 of generation 17, shard 5 of those from 4 on, epoch 42: n2 has acknowledged nothing for 612 ms, and n1 proposes to go on alone");

        silent.silent(6, place(ShardPlace.State.SYNCING, 50), 600_000_000);
        assertThat(log.list).hasSize(2);
        assertThat(log.list.getLast().getFormattedMessage())
                .endsWith("for 600 ms, and n1 proposes to give that copy up");
    }

    private static ShardPlace place(ShardPlace.State state, long epoch) {
        return new ShardPlace(4, 4, state, PRIMARY, Optional.of(COPY), epoch);
    }
}
