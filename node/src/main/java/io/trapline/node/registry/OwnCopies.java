package io.trapline.node.registry;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardPlace;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which copies of shards this life has. What it has said of drains before it had one is not about that (V-10): the leader counts it from the revision on at which
 * the life came to have the copy, as primary or as backup, and {@link DrainLedger#regained} is to follow.
 */
@Pure
public final class OwnCopies {
    /** Who is being given a copy has none yet. */
    private enum Role {
        NONE,
        BACKUP,
        PRIMARY
    }

    private record Held(Role role, long epoch) {
        /** A primary's epoch changes with every other copy, and its own does not. */
        boolean isGained(Held before) {
            return role == Role.BACKUP ? !equals(before) : role == Role.PRIMARY && before.role != Role.PRIMARY;
        }
    }

    private static final Held NOTHING = new Held(Role.NONE, 0);

    private final Life self;
    /** By the domain's generation, by shard. */
    private final Map<Long, List<Held>> held = new HashMap<>();

    public OwnCopies(Life self) {
        this.self = self;
    }

    /** Whether this life has, by that view, a copy that it did not have by the one before; whatever state the domain is in. */
    public boolean gains(DomainView view) {
        List<Held> now = view.places().stream().map(this::of).toList();
        List<Held> before = held.put(view.generation(), now);
        for (int i = 0; i < now.size(); i++) {
            if (now.get(i).isGained(before == null ? NOTHING : before.get(i))) {
                return true;
            }
        }
        return false;
    }

    private Held of(ShardPlace place) {
        if (place.primary().equals(self) && place.state() != ShardPlace.State.LOST) {
            return new Held(Role.PRIMARY, place.epoch());
        }
        boolean isBackup = place.state() == ShardPlace.State.DUAL && place.isCopy(self);
        return isBackup ? new Held(Role.BACKUP, place.epoch()) : NOTHING;
    }

    /** The domain is no more. */
    public void forget(long generation) {
        held.remove(generation);
    }
}
