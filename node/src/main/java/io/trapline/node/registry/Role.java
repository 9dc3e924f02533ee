package io.trapline.node.registry;

import io.trapline.node.protocol.FromPeer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A place for an actor that is there from the first thing on that somebody tells it. What one thread tells it arrives in order, the first things
 * included. Any thread.
 * <pre>
 *   empty ──first tell()──▶ wanted ──begin()──▶ filled        each ──end()──▶ ended
 * </pre>
 */
final class Role<M> {
    private final Consumer<Role<M>> wanted;
    private volatile @Nullable ActorRef<M> actor;
    /** Guarded by this: what came before the actor. */
    private final List<M> early = new ArrayList<>();

    private boolean ended;

    /** @param wanted given this, once, when the actor is missed; must not block */
    Role(Consumer<Role<M>> wanted) {
        this.wanted = wanted;
    }

    /** What is told after the end is lost, as what a stopped actor is told. */
    void tell(M message) {
        ActorRef<M> there = actor;
        if (there == null) {
            there = filledOrKept(message);
        }
        if (there != null) {
            there.tell(message);
        }
    }

    /** Tells it in order with the rest, but only where there is an actor or will be one; false where there is neither. */
    boolean tellIfWanted(M message) {
        synchronized (this) {
            if (actor == null && early.isEmpty()) {
                return false;
            }
        }
        // What is wanted stays wanted.
        tell(message);
        return true;
    }

    private synchronized @Nullable ActorRef<M> filledOrKept(M message) {
        ActorRef<M> there = actor;
        if (there == null && ended) {
            FromPeer.lost(message);
        } else if (there == null) {
            early.add(message);
            if (early.size() == 1) {
                wanted.accept(this);
            }
        }
        return there;
    }

    /** Fills it: the actor is briefed, then told what has come before it was there, before anything else that comes. */
    synchronized void begin(ActorRef<M> started, Consumer<ActorRef<M>> brief) {
        brief.accept(started);
        early.forEach(started::tell);
        early.clear();
        actor = started;
    }

    /** There will be no actor, if there is none. */
    synchronized void end() {
        ended = true;
        early.forEach(FromPeer::lost);
        early.clear();
    }

    /** The same; the actor that there is, which is returned, is told this. */
    @Nullable
    ActorRef<M> end(M last) {
        end();
        ActorRef<M> there = actor;
        if (there != null) {
            there.tell(last);
        }
        return there;
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    /** The actor, where it is there. */
    @Nullable
    ActorRef<M> actor() {
        return actor;
    }
}
