package io.trapline.node.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.RegistryChange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-13: a change that comes in parts")
final class CoordinatorSessionTest {
    private final ManagedChannel channel =
            InProcessChannelBuilder.forName("nobody").directExecutor().build();
    private final CoordinatorSession session = CoordinatorSession.open(
            "nobody", channel, NodeSessionRequest.getDefaultInstance(), (from, heard) -> {}, (from, why) -> {});

    @AfterEach
    void close() {
        session.close();
    }

    @Test
    void isOneWhenItsLastPartIsThere() {
        assertThat(session.whole(
                        part(7).addSessions(1).setSnapshot(true).setMore(true).build()))
                .isEmpty();
        assertThat(session.whole(part(7).addSessions(2)
                        .addRemovedDomains(5)
                        .setSnapshot(true)
                        .setMore(true)
                        .build()))
                .isEmpty();

        assertThat(session.whole(part(7).addRemovedDomains(6).setSnapshot(true).build()))
                .contains(part(7).setSnapshot(true)
                        .addSessions(1)
                        .addSessions(2)
                        .addRemovedDomains(5)
                        .addRemovedDomains(6)
                        .build());
    }

    @Test
    void leavesNothingBehindForTheNext() {
        assertThat(session.whole(part(7).addSessions(1).setMore(true).build())).isEmpty();
        assertThat(session.whole(part(7).build())).isPresent();
        RegistryChange next = part(8).addSessions(2).build();

        assertThat(session.whole(next)).contains(next);
    }

    private static RegistryChange.Builder part(long revision) {
        return RegistryChange.newBuilder().setRevision(revision);
    }
}
