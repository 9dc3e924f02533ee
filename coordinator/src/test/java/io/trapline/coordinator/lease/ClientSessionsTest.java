package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.commit.Committer;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Command;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.OpenSessionRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("E: a client session ends after 60 s of silence")
final class ClientSessionsTest {
    private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
    private final ManualTime timers = ManualTime.get(kit.system());
    private final AtomicLong nanos = new AtomicLong();
    private final Registry registry = Registry.empty();
    private final TestProbe<Committer.Message> committer = kit.createTestProbe();
    private final ActorRef<ClientSessions.Message> sessions = kit.spawn(ClientSessions.create(
            committer.getRef(),
            new Views() {
                @Override
                public <T> T read(Function<RegistryView, T> reader) {
                    return reader.apply(registry.view());
                }
            },
            nanos::get));
    private long index;

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void endsASilentSessionAndKeepsOneThatWasHeard() throws Exception {
        sessions.tell(new ClientSessions.Leading(true));
        long silent = open();
        long heard = open();
        pass(Duration.ofSeconds(59));
        sessions.tell(new ClientSessions.Heard(List.of(heard)));
        committer.expectNoMessage(Duration.ZERO);

        pass(Duration.ofSeconds(2));

        assertThat(ended()).isEqualTo(silent);
        committer.expectNoMessage(Duration.ZERO);
        assertThat(renew(silent)).isFalse();
        assertThat(renew(heard)).isTrue();
    }

    @Test
    void triesAgainWhereTheCommandDidNotGoIntoTheLog() throws Exception {
        sessions.tell(new ClientSessions.Leading(true));
        long silent = open();
        pass(Duration.ofSeconds(61));
        Committer.Submit submit = committer.expectMessageClass(Committer.Submit.class);
        submit.reply().accept(Answers.refused(Refusal.of(Errno.EAGAIN, "full")));

        pass(Duration.ofSeconds(1));

        assertThat(ended()).isEqualTo(silent);
    }

    @Test
    void countsFromTheStartOfANewLeader() throws Exception {
        long session = registry.apply(++index, openCommand()).answer().getRevision();
        nanos.set(Duration.ofHours(1).toNanos());
        sessions.tell(new ClientSessions.Leading(true));
        assertThat(renew(session)).isTrue();

        pass(Duration.ofSeconds(59));
        committer.expectNoMessage(Duration.ZERO);
        pass(Duration.ofSeconds(2));

        assertThat(ended()).isEqualTo(session);
    }

    @Test
    void endsNothingWhileItDoesNotLead() throws Exception {
        sessions.tell(new ClientSessions.Leading(true));
        open();
        sessions.tell(new ClientSessions.Leading(false));

        pass(Duration.ofMinutes(2));

        committer.expectNoMessage(Duration.ZERO);
    }

    private static Command openCommand() {
        return Command.newBuilder()
                .setOpenSession(OpenSessionRequest.getDefaultInstance())
                .build();
    }

    private long open() {
        Result result = registry.apply(++index, openCommand());
        sessions.tell(new ClientSessions.EntryApplied(new Applied(index, 1, 1, index, List.of(result))));
        return result.answer().getRevision();
    }

    private void pass(Duration time) throws Exception {
        // What was told before happens before.
        assertThat(renew(0)).isFalse();
        nanos.addAndGet(time.toNanos());
        timers.timePasses(Duration.ofSeconds(1));
        assertThat(renew(0)).isFalse();
    }

    private long ended() {
        return committer
                .expectMessageClass(Committer.Submit.class)
                .command()
                .getEndSession()
                .getSession();
    }

    private boolean renew(long session) throws Exception {
        CompletableFuture<Boolean> renewed = new CompletableFuture<>();
        sessions.tell(new ClientSessions.Renew(session, renewed::complete));
        return renewed.get(60, TimeUnit.SECONDS);
    }
}
