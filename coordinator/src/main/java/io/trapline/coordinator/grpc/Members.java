package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.commit.ConfirmedReads;
import io.trapline.coordinator.commit.NotLeading;
import io.trapline.coordinator.lease.Commands;
import io.trapline.coordinator.raft.MemberChange;
import io.trapline.coordinator.raft.MemberChange.Asked;
import io.trapline.coordinator.raft.Replica;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.ChangeCoordinatorsRequest;
import io.trapline.internal.v1.ChangeCoordinatorsResponse;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CoordinatorId;
import io.trapline.internal.v1.CoordinatorPeer;
import io.trapline.internal.v1.DescribePeerResponse;
import io.trapline.internal.v1.PeerState;
import io.trapline.internal.v1.UseCoordinatorIds;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes who the coordinators are (D-3): what is asked is decided on the confirmed state, ids are used up in the registry, those who come
 * in are asked whether they are there, and only then does the configuration change. Whatever ends it between, the same call goes on.
 */
public final class Members {
    private static final Logger LOG = LoggerFactory.getLogger(Members.class);

    private final Replica replica;
    private final ConfirmedReads reads;
    private final Commands commands;
    private final PeerCalls peers;

    public Members(Replica replica, ConfirmedReads reads, Commands commands, PeerCalls peers) {
        this.replica = replica;
        this.reads = reads;
        this.commands = commands;
        this.peers = peers;
    }

    void change(ChangeCoordinatorsRequest q, StreamObserver<ChangeCoordinatorsResponse> observer) {
        Asked asked;
        try {
            asked = new Asked(
                    q.getOld().isEmpty() ? Optional.empty() : Optional.of(q.getOld()),
                    q.getAddedList().stream().map(Members::peer).toList());
        } catch (IllegalArgumentException malformed) {
            refuse(observer, Refusal.of(Errno.EINVAL, String.valueOf(malformed.getMessage())));
            return;
        }
        decide(asked, observer);
    }

    private void decide(Asked asked, StreamObserver<ChangeCoordinatorsResponse> observer) {
        reads.read(Members::known, known -> decided(known, asked, observer), refusal -> refuse(observer, refusal));
    }

    /** Ids that are in a configuration, or were, as far as this replica knows: nobody else may have them. */
    List<String> taken(RegistryView view) {
        List<String> taken =
                new ArrayList<>(replica.configuration().stream().map(Peer::id).toList());
        taken.addAll(known(view).used());
        return taken.stream().distinct().toList();
    }

    private static MemberChange.Known known(RegistryView view) {
        Map<String, CoordinatorId> known = view.coordinators();
        return new MemberChange.Known(
                known.values().stream()
                        .filter(CoordinatorId::getUsed)
                        .map(CoordinatorId::getId)
                        .collect(Collectors.toSet()),
                known.values().stream().collect(Collectors.toMap(CoordinatorId::getId, CoordinatorId::getReplaces)));
    }

    private void decided(MemberChange.Known known, Asked asked, StreamObserver<ChangeCoordinatorsResponse> observer) {
        List<Peer> current = replica.configuration();
        switch (MemberChange.decide(replica.id(), current, known, asked)) {
            case MemberChange.Done done -> answer(observer);
            case MemberChange.Refuse(Refusal why) -> refuse(observer, why);
            case MemberChange.StepDown stepDown -> askThen(asked, () -> stepDown(observer), observer);
            case MemberChange.Become(List<Peer> next) -> use(current, next, asked, observer);
        }
    }

    private void stepDown(StreamObserver<ChangeCoordinatorsResponse> observer) {
        LOG.info("coordinator {} is to be replaced, and lets another one lead", replica.id());
        var _ = replica.stepDown()
                .whenComplete((done, failure) -> refuse(
                        observer,
                        again("old = " + replica.id() + ": leads, and "
                                + (failure == null ? "has let another one lead" : "nobody else takes over"))));
    }

    private void use(
            List<Peer> current, List<Peer> next, Asked asked, StreamObserver<ChangeCoordinatorsResponse> observer) {
        UseCoordinatorIds.Builder ids = UseCoordinatorIds.newBuilder()
                .addAllUsed(current.stream().map(Peer::id).toList());
        asked.added().stream()
                .filter(peer -> !current.contains(peer))
                .forEach(peer -> ids.addJoining(CoordinatorId.newBuilder()
                        .setId(peer.id())
                        .setReplaces(asked.old().orElse(""))));
        commands.execute(
                Command.newBuilder().setUseCoordinatorIds(ids).build(),
                false,
                answer -> Answers.refusal(answer)
                        .ifPresentOrElse(
                                refusal -> refuse(observer, refusal),
                                () -> askThen(asked, () -> reconfigure(current, next, asked, observer), observer)),
                () -> observer.onError(Calls.outcomeUnknown()));
    }

    /** Goes on once those that are to come in say that they do. */
    private void askThen(Asked asked, Runnable goesOn, StreamObserver<ChangeCoordinatorsResponse> observer) {
        List<CompletableFuture<Optional<String>>> missing = asked.added().stream()
                .map(peer -> peers.describe(peer.services())
                        .thenApply(said -> missing(peer, said))
                        .toCompletableFuture())
                .toList();
        var _ = CompletableFuture.allOf(missing.toArray(CompletableFuture[]::new))
                .thenRun(() -> missing.stream()
                        .flatMap(each -> each.join().stream())
                        .findFirst()
                        .ifPresentOrElse(why -> refuse(observer, again(why)), goesOn));
    }

    /** Why the one that is to come in does not, yet. */
    private Optional<String> missing(Peer peer, Optional<DescribePeerResponse> said) {
        String who = "coordinator " + peer.id() + " at " + peer.services();
        if (said.isEmpty()) {
            return Optional.of(who + " does not answer: it is started with --join --cluster-id " + replica.clusterId());
        }
        DescribePeerResponse other = said.get();
        if (!other.getPeer().equals(peer.id())) {
            return Optional.of(who + " is coordinator " + other.getPeer());
        }
        boolean joins =
                other.getState() == PeerState.PEER_STATE_JOINING || other.getState() == PeerState.PEER_STATE_MEMBER;
        return joins && other.getClusterId().equals(replica.clusterId())
                ? Optional.empty()
                : Optional.of(who + " does not join cluster " + replica.clusterId());
    }

    private void reconfigure(
            List<Peer> current, List<Peer> next, Asked asked, StreamObserver<ChangeCoordinatorsResponse> observer) {
        var _ = replica.reconfigure(current, next).thenAccept(failure -> {
            if (failure.isPresent()) {
                refuse(observer, again("the coordinators do not change: " + failure.get()));
            } else {
                LOG.info("the coordinators are {}", next.stream().map(Peer::id).toList());
                decide(asked, observer);
            }
        });
    }

    /** EAGAIN: the same call goes on where this one ended. */
    private static Refusal again(String why) {
        return Refusal.of(Errno.EAGAIN, why).with(NotLeading.EFFECT, NotLeading.NONE);
    }

    private void answer(StreamObserver<ChangeCoordinatorsResponse> observer) {
        observer.onNext(ChangeCoordinatorsResponse.newBuilder()
                .addAllCoordinators(replica.configuration().stream()
                        .sorted(Comparator.comparing(Peer::id))
                        .map(peer -> CoordinatorPeer.newBuilder()
                                .setId(peer.id())
                                .setRaftAddress(peer.host() + ":" + peer.port())
                                .setAddress(peer.services())
                                .build())
                        .toList())
                .build());
        observer.onCompleted();
    }

    private static void refuse(StreamObserver<ChangeCoordinatorsResponse> observer, Refusal why) {
        observer.onError(Statuses.toException(why));
    }

    private static Peer peer(CoordinatorPeer peer) {
        String raft = peer.getRaftAddress();
        int colon = raft.lastIndexOf(':');
        if (colon <= 0 || peer.getId().isEmpty() || peer.getAddress().isEmpty()) {
            throw new IllegalArgumentException("added: a coordinator has an id, a raft address and an address");
        }
        try {
            return new Peer(
                    peer.getId(),
                    raft.substring(0, colon),
                    Integer.parseInt(raft.substring(colon + 1)),
                    peer.getAddress());
        } catch (NumberFormatException malformed) {
            throw new IllegalArgumentException("added.raft_address = " + raft + ": host:port", malformed);
        }
    }
}
