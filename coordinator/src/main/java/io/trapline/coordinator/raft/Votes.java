package io.trapline.coordinator.raft;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.thirdparty.io.grpc.StatusRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a replica says of itself in Raft's own messages: what its log ends with, that it would stand, that it stands. Thread-safe. */
final class Votes {
    private static final Logger LOG = LoggerFactory.getLogger(Votes.class);

    private final RaftServer server;
    private final RaftGroupId group;
    private final AtomicLong calls;

    Votes(RaftServer server, RaftGroupId group, AtomicLong calls) {
        this.server = server;
        this.group = group;
        this.calls = calls;
    }

    /** The end of this replica's log. */
    static Succession.Last own(RaftServer.Division division) {
        TermIndex last = division.getRaftLog().getLastEntryTermIndex();
        return last == null ? new Succession.Last(0, 0) : new Succession.Last(last.getTerm(), last.getIndex());
    }

    /**
     * Asks those what their logs end with, and waits for the answers, but no longer than that. The question is a pre-vote (Raft's thesis,
     * 9.6), which changes nothing at who is asked; whether it would vote is of no interest, since it may not have noticed the leader's end.
     */
    Map<String, Succession.Last> lasts(Collection<String> peers, long term, Succession.Last own, Duration patience)
            throws InterruptedException {
        Map<String, Succession.Last> lasts = new ConcurrentHashMap<>();
        CountDownLatch asked = new CountDownLatch(peers.size());
        for (String peer : peers) {
            Thread.ofVirtual().name("ask-" + peer).start(() -> {
                try {
                    last(peer, term, own).ifPresent(last -> lasts.put(peer, last));
                } catch (IOException | StatusRuntimeException silent) {
                    LOG.debug("{} does not say what its log ends with", peer, silent);
                } finally {
                    asked.countDown();
                }
            });
        }
        var _ = asked.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        return Map.copyOf(lasts);
    }

    private Optional<Succession.Last> last(String peer, long term, Succession.Last own) throws IOException {
        RequestVoteReplyProto reply = server.getServerRpc()
                .requestVote(RequestVoteRequestProto.newBuilder()
                        .setServerRequest(from(server.getId(), RaftPeerId.valueOf(peer)))
                        .setCandidateTerm(term)
                        .setCandidateLastEntry(
                                TermIndexProto.newBuilder().setTerm(own.term()).setIndex(own.index()))
                        .setPreVote(true)
                        .build());
        return reply.hasLastEntry()
                ? Optional.of(new Succession.Last(
                        reply.getLastEntry().getTerm(), reply.getLastEntry().getIndex()))
                : Optional.empty();
    }

    /** Stands for election, unless another leader or term has come since; whether it stands. Whoever is asked votes by its log alone. */
    boolean stand(RaftPeerId leader, long term) throws IOException {
        return server.startLeaderElection(StartLeaderElectionRequestProto.newBuilder()
                        .setServerRequest(from(leader, server.getId()))
                        .setLeaderLastEntry(TermIndexProto.newBuilder().setTerm(term))
                        .build())
                .getServerReply()
                .getSuccess();
    }

    private RaftRpcRequestProto from(RaftPeerId asking, RaftPeerId asked) {
        return RaftRpcRequestProto.newBuilder()
                .setRequestorId(asking.toByteString())
                .setReplyId(asked.toByteString())
                .setRaftGroupId(RaftGroupIdProto.newBuilder().setId(group.toByteString()))
                .setCallId(calls.incrementAndGet())
                .build();
    }
}
