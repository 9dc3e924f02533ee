package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("an actor that dies is heard of")
final class ActorDeathsTest {
    private final ActorTestKit kit = ActorTestKit.create();

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void saysWhichOne() throws Exception {
        ActorRef<String> lives = kit.spawn(Behaviors.empty(), "lives");
        ActorRef<String> dies = kit.spawn(
                Behaviors.receive(String.class)
                        .onMessage(String.class, message -> {
                            throw new IllegalStateException(message);
                        })
                        .build(),
                "dies");
        CompletableFuture<Throwable> heard = new CompletableFuture<>();
        kit.spawn(ActorDeaths.of(List.of(lives, dies), heard::complete));

        dies.tell("a bug");

        assertThat(heard.get(60, TimeUnit.SECONDS)).hasMessage("dies has died");
    }
}
