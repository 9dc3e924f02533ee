package io.trapline.node.peer;

import io.trapline.node.protocol.FromPeer;
import org.apache.pekko.actor.DeadLetter;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.eventstream.EventStream;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Takes in their place what actors have not taken before they stopped: else the credit for it would never come back. */
final class LostLetters {
    private LostLetters() {}

    static Behavior<DeadLetter> create() {
        return Behaviors.setup(context -> {
            context.getSystem().eventStream().tell(new EventStream.Subscribe<>(DeadLetter.class, context.getSelf()));
            return Behaviors.receiveMessage(letter -> {
                FromPeer.lost(letter.message());
                return Behaviors.same();
            });
        });
    }
}
