package io.trapline.coordinator.raft;

import io.trapline.model.Pure;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a replica may do with the directory that it finds (D-2 of design 0002). The one thing to be kept: a replica whose directory was
 * lost never votes again under its id, since it would vote against what it had acknowledged.
 */
@Pure
public final class Admission {
    private Admission() {}

    /** What a directory is. */
    public enum State {
        /** Nobody has used it. */
        EMPTY,
        /** It was told to form a cluster, and Raft has not run on it. */
        FORMING,
        /** It was told to join a cluster, and no configuration names it yet. */
        JOINING,
        /** It has been in the cluster. */
        MEMBER
    }

    /** What a coordinator was told to do with an empty directory. */
    public enum Told {
        /** Nothing: it must not be empty. */
        RESUME,
        /** Form a cluster. */
        BOOTSTRAP,
        /** Join one that runs. */
        JOIN
    }

    /**
     * A directory.
     *
     * @param state what it is
     * @param clusterId whose it is; empty where it is nobody's
     * @param peer under which id; empty where it is nobody's
     * @param hasLog Raft's files are there
     */
    public record Found(State state, String clusterId, String peer, boolean hasLog) {}

    /**
     * How the coordinator was started.
     *
     * @param told what to do with an empty directory
     * @param clusterId which cluster; empty = whichever the directory is of
     * @param id its id
     * @param others the ids of the others that it was told of
     */
    public record Flags(Told told, Optional<String> clusterId, String id, List<String> others) {
        public Flags {
            others = List.copyOf(others);
        }
    }

    /**
     * What another coordinator said when it was asked.
     *
     * @param state what its directory is
     * @param clusterId of which cluster, or of which it is told to be
     * @param taken where it leads and a majority has confirmed that: the ids that are, or ever were, in the configuration
     */
    public record Said(State state, String clusterId, Optional<Set<String>> taken) {}

    /** What to do. */
    public sealed interface Decision {}

    /** Run Raft. */
    public record Start(Begin begin) implements Decision {}

    /** How Raft begins. */
    public enum Begin {
        /** A new log, with all peers in the configuration. */
        FORM,
        /** A new log, in nobody's configuration until the leader names it. */
        JOIN,
        /** The log that is there, and the configuration in it. */
        RECOVER
    }

    /** Put that on disk, and decide again. */
    public record Become(State state) implements Decision {}

    /** Ask the others, or ask them again, and decide again. {@code why}: one line for a person; empty before anybody was asked. */
    public record Ask(String why) implements Decision {}

    /** End. {@code line}: one line for a person. */
    public record Refuse(String line) implements Decision {}

    /**
     * Decides.
     *
     * @param asked by id what was said by those who were asked; empty = no answer. Nobody in it = nobody was asked yet.
     */
    public static Decision decide(Found found, Flags flags, Map<String, Optional<Said>> asked) {
        Optional<Decision> other = otherwiseNamed(found, flags);
        if (other.isPresent()) {
            return other.get();
        }
        return switch (found.state()) {
            case EMPTY -> empty(flags, asked);
            case FORMING -> forming(flags, asked);
            case JOINING -> new Start(found.hasLog() ? Begin.RECOVER : Begin.JOIN);
            case MEMBER ->
                found.hasLog()
                        ? new Start(Begin.RECOVER)
                        : new Refuse("the log of cluster " + found.clusterId()
                                + " is missing; replace this coordinator under a new id, or restore it from a backup");
        };
    }

    private static Optional<Decision> otherwiseNamed(Found found, Flags flags) {
        if (found.state() == State.EMPTY) {
            return Optional.empty();
        }
        if (flags.clusterId().isPresent() && !flags.clusterId().get().equals(found.clusterId())) {
            return Optional.of(new Refuse("belongs to cluster " + found.clusterId() + ", not to "
                    + flags.clusterId().get()));
        }
        if (!flags.id().equals(found.peer())) {
            return Optional.of(new Refuse("belongs to coordinator " + found.peer() + ", not to " + flags.id()));
        }
        return Optional.empty();
    }

    private static Decision empty(Flags flags, Map<String, Optional<Said>> asked) {
        if (flags.told() == Told.RESUME) {
            return new Refuse(
                    "is empty; a new cluster is formed only with bootstrap, a lost coordinator is replaced under a new id");
        }
        if (flags.others().isEmpty()) {
            return flags.told() == Told.BOOTSTRAP
                    ? new Become(State.FORMING)
                    : new Refuse("is empty, and nobody is named who could let it join");
        }
        if (!asked.keySet().containsAll(flags.others())) {
            return new Ask("");
        }
        return flags.told() == Told.BOOTSTRAP ? bootstrap(flags, asked) : join(flags, asked);
    }

    private static Decision bootstrap(Flags flags, Map<String, Optional<Said>> asked) {
        Optional<Decision> stranger = stranger(flags, asked);
        if (stranger.isPresent()) {
            return stranger.get();
        }
        for (var one : new TreeMap<>(asked).entrySet()) {
            if (one.getValue().filter(said -> said.state() == State.MEMBER).isPresent()) {
                return new Refuse("is empty, but coordinator " + one.getKey() + " is in cluster "
                        + flags.clusterId().orElse("")
                        + " already: what this one had is lost; replace it under a new id");
            }
        }
        return missing(asked, Set.of()).<Decision>map(Ask::new).orElseGet(() -> new Become(State.FORMING));
    }

    private static Decision join(Flags flags, Map<String, Optional<Said>> asked) {
        Optional<Decision> stranger = stranger(flags, asked);
        if (stranger.isPresent()) {
            return stranger.get();
        }
        for (Optional<Said> said : asked.values()) {
            Optional<Set<String>> taken = said.flatMap(Said::taken);
            if (taken.isPresent()) {
                return taken.get().contains(flags.id())
                        ? new Refuse(
                                "is empty, but the id " + flags.id()
                                        + " was used before: a coordinator that lost its directory never comes back under its id")
                        : new Become(State.JOINING);
            }
        }
        return new Ask("is empty, and no leader of cluster " + flags.clusterId().orElse("") + " has answered yet");
    }

    private static Decision forming(Flags flags, Map<String, Optional<Said>> asked) {
        if (flags.told() != Told.BOOTSTRAP) {
            return new Refuse("the formation of its cluster did not finish; start it again with bootstrap");
        }
        if (!asked.keySet().containsAll(flags.others())) {
            return new Ask("");
        }
        return stranger(flags, asked)
                .or(() -> missing(asked, Set.of(State.EMPTY)).map(Ask::new))
                .orElseGet(() -> new Start(Begin.FORM));
    }

    /** Somebody of another cluster, or who does not belong to its formation. */
    private static Optional<Decision> stranger(Flags flags, Map<String, Optional<Said>> asked) {
        for (var one : new TreeMap<>(asked).entrySet()) {
            Optional<Said> said = one.getValue();
            if (said.isPresent()
                    && flags.clusterId().isPresent()
                    && !said.get().clusterId().equals(flags.clusterId().get())) {
                return Optional.of(new Refuse("coordinator " + one.getKey() + " belongs to cluster "
                        + said.get().clusterId() + ", not to "
                        + flags.clusterId().get()));
            }
            if (flags.told() == Told.BOOTSTRAP
                    && said.filter(each -> each.state() == State.JOINING).isPresent()) {
                return Optional.of(
                        new Refuse("coordinator " + one.getKey() + " was told to join a cluster, not to form one"));
            }
        }
        return Optional.empty();
    }

    /** Who has not answered, or is not far enough; one line. */
    private static Optional<String> missing(Map<String, Optional<Said>> asked, Set<State> tooEarly) {
        List<String> missing = asked.entrySet().stream()
                .filter(one -> one.getValue()
                        .filter(said -> !tooEarly.contains(said.state()))
                        .isEmpty())
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "a cluster is formed when all its coordinators run; missing: " + String.join(", ", missing));
    }
}
