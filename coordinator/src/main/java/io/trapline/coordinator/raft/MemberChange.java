package io.trapline.coordinator.raft;

import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether the coordinators may change as somebody asks (D-3): decided by the leader, of the configuration that a majority has. */
@Pure
public final class MemberChange {
    private static final Set<Integer> SIZES = Set.of(1, 3, 5);

    private MemberChange() {}

    /**
     * What is asked for.
     *
     * @param old who goes; empty = nobody
     * @param added who comes
     */
    public record Asked(Optional<String> old, List<Peer> added) {
        public Asked {
            added = List.copyOf(added);
        }
    }

    /**
     * The ids that the registry knows of.
     *
     * @param used those that have been in a configuration
     * @param replaces by id, for whom it came in or is to; empty = for nobody
     */
    public record Known(Set<String> used, Map<String, String> replaces) {
        public Known {
            used = Set.copyOf(used);
            replaces = Map.copyOf(replaces);
        }
    }

    /** What to do. */
    public sealed interface Decision {}

    /** Nothing: it is as asked. */
    public record Done() implements Decision {}

    /** Let another one lead first: who goes is the leader. */
    public record StepDown() implements Decision {}

    /** Make these the configuration, and decide again. */
    public record Become(List<Peer> peers) implements Decision {}

    /** It cannot be. */
    public record Refuse(Refusal why) implements Decision {}

    /**
     * Decides.
     *
     * @param leader the id of who decides
     * @param current the configuration
     * @param known what the registry knows of ids
     */
    public static Decision decide(String leader, List<Peer> current, Known known, Asked asked) {
        if (isDone(current, known, asked)) {
            return new Done();
        }
        Asked left = new Asked(
                asked.old(),
                asked.added().stream()
                        .filter(peer -> !hasComeIn(peer, current, known, asked))
                        .toList());
        Optional<Refusal> wrong = wrong(current, known, left);
        if (wrong.isPresent()) {
            return new Refuse(wrong.get());
        }
        List<Peer> kept = current.stream()
                .filter(peer -> !peer.id().equals(asked.old().orElse("")))
                .toList();
        Optional<Refusal> unfit = unfit(with(kept, left.added()));
        if (unfit.isPresent()) {
            return new Refuse(unfit.get());
        }
        if (asked.old().filter(leader::equals).isEmpty()) {
            return new Become(with(kept, left.added().subList(0, atOnce(kept, left.added()))));
        }
        return current.size() > 1
                ? new StepDown()
                : new Refuse(Refusal.invalid("old", leader, "is the only coordinator: add others first"));
    }

    /**
     * So many come in by one change: fewer than stay, or one beside one. Where as many as stay were new, the leader could die between
     * telling itself and telling them, and nobody else could be elected by peers that have never heard of each other.
     */
    private static int atOnce(List<Peer> kept, List<Peer> added) {
        return Math.min(added.size(), Math.max(1, kept.size() - 1));
    }

    private static List<Peer> with(List<Peer> kept, List<Peer> added) {
        return Stream.concat(kept.stream(), added.stream()).toList();
    }

    private static boolean isDone(List<Peer> current, Known known, Asked asked) {
        String old = asked.old().orElse("");
        return !asked.added().isEmpty()
                && ids(current).stream().noneMatch(old::equals)
                && asked.added().stream().allMatch(peer -> hasComeIn(peer, current, known, asked));
    }

    /** By this call, or by an earlier one that was the same. */
    private static boolean hasComeIn(Peer peer, List<Peer> current, Known known, Asked asked) {
        return current.contains(peer)
                && asked.old().orElse("").equals(known.replaces().get(peer.id()));
    }

    private static Optional<Refusal> wrong(List<Peer> current, Known known, Asked asked) {
        if (asked.old().isPresent() && !ids(current).contains(asked.old().get())) {
            return Optional.of(named(
                    Errno.ENOENT,
                    "old",
                    asked.old().get(),
                    "is none of the coordinators " + String.join(", ", ids(current))));
        }
        if (asked.added().isEmpty()) {
            return Optional.of(Refusal.invalid("added", 0, "who comes is named"));
        }
        for (Peer peer : asked.added()) {
            if (ids(current).contains(peer.id())) {
                return Optional.of(named(Errno.EEXIST, "id", peer.id(), "is a coordinator already"));
            }
            if (known.used().contains(peer.id())) {
                return Optional.of(named(Errno.EEXIST, "id", peer.id(), "was used before, and is not used again"));
            }
        }
        return Optional.empty();
    }

    private static Optional<Refusal> unfit(List<Peer> next) {
        if (!SIZES.contains(next.size())) {
            return Optional.of(Refusal.invalid("added", next.size() + " coordinators afterwards", "1, 3 or 5"));
        }
        Set<String> taken = new HashSet<>();
        for (Peer peer : next) {
            for (String one : List.of(peer.id(), peer.host() + ":" + peer.port(), peer.services())) {
                if (!taken.add(one)) {
                    return Optional.of(named(Errno.EEXIST, "added", one, "is another coordinator's"));
                }
            }
        }
        return Optional.empty();
    }

    private static Refusal named(Errno errno, String field, String value, String why) {
        return Refusal.of(errno, field + " = " + value + ": " + why)
                .with("field", field)
                .with("value", value);
    }

    private static List<String> ids(List<Peer> peers) {
        return peers.stream().map(Peer::id).sorted().collect(Collectors.toList());
    }
}
