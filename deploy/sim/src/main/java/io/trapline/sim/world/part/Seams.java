package io.trapline.sim.world.part;

import io.trapline.client.KeptAnswers;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Snapshot;
import io.trapline.node.ioreq.KeptRequests;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.BitSet;
import java.util.List;

/**
 * What passes between the rules, as it passes. A {@link Plant} puts something wrong in its place, so that the checks show that they would notice.
 */
public class Seams {
    // At the coordinator.

    /** What a coordinator carries out for a command (C2, C5). */
    public List<Command> carriedOut(Command command, RegistryView registry) {
        return List.of(command);
    }

    /** A request that comes again, as the registry sees it (section E). */
    public Command retried(Command command) {
        return command;
    }

    /** A log entry that is written again (section E). */
    public LogEntry writtenAgain(LogEntry entry) {
        return entry;
    }

    /** What a replica starts from (C6). */
    public Snapshot snapshot(Snapshot snapshot) {
        return snapshot;
    }

    /** The drain that a call waits for (F5); 0 = none. */
    public long awaited(long drain) {
        return drain;
    }

    /** Under which incarnation the node's next life registers (D4). */
    public long incarnation(long fresh) {
        return fresh;
    }

    // Between coordinator and node, and within the node.

    /** Whether the node is told of a change (rule 0). */
    public boolean isTold(RegistryChange change) {
        return true;
    }

    /** What the node is told after its session was lost. */
    public RegistryChange everything(RegistryChange everything) {
        return everything;
    }

    /** Whether a revision is acknowledged before the shards have applied it (rule 0). */
    public boolean acknowledgesEarly() {
        return false;
    }

    /** Whether the shards that agree to a type change carry it out though another refuses (T6). */
    public boolean changesWhatAgrees() {
        return false;
    }

    // At a server.

    /** The epoch under which an emulator's answers reach the rules of a server whose bound session has that epoch (S5). */
    public long answersEpoch(long streamEpoch, long boundEpoch) {
        return streamEpoch;
    }

    /** Whether the stream of a session is ended that a newer one fences (S5). */
    public boolean endsFencedStreams() {
        return true;
    }

    /** Whether an answer that fits no slot is believed all the same (F1, F5). */
    public boolean believesLateAnswers() {
        return false;
    }

    /** The revision under which a server is told that rows were decided; {@code applied} is that of its last change (C7). */
    public long decidedRevision(long decided, long applied) {
        return decided;
    }

    /** Up to which placement's epoch a server's home takes a node's shards to have asked (D-22). */
    public long asked(long shardEpoch) {
        return shardEpoch;
    }

    /** What a server is told that it is (C4, F4, F5, S5). */
    public ServerView view(ServerView before, ServerView now) {
        return now;
    }

    /** Whether a server is told that the domain is paused (D1). */
    public boolean pausedAtServers(boolean paused) {
        return paused;
    }

    /** What a server is told to drain (F5). */
    public List<Drain> drains(List<Drain> begun) {
        return begun;
    }

    /** Which drains are reported at once instead (F5). */
    public List<Drain> drainsOverAtOnce(List<Drain> begun) {
        return List.of();
    }

    /** Which vCPUs servers are told to be opened anew (A6). */
    public List<VcpuOpening> openedForServers(List<VcpuOpening> opened) {
        return opened;
    }

    /** What a call for a server whose bound session has that epoch says that it is made for (F2). */
    public Gate gate(Gate gate, long boundEpoch) {
        return gate;
    }

    /** The credit of a session (S5). */
    public int credit(int rows) {
        return rows;
    }

    /** Whether the stream of a session is said to take more. */
    public boolean takesMore(boolean ready) {
        return ready;
    }

    /** What a run says at its attach that it has; {@code posted} are the posted writes that the server holds (S5, F3). */
    public KeptRequests kept(KeptRequests kept, KeyRows posted) {
        return kept;
    }

    /** What a server tells a shard that came of its rows (F1, F2). */
    public OutcomeRows completed(OutcomeRows rows) {
        return rows;
    }

    /** Whether the slot of what has timed out is free at once (F4). */
    public boolean freesTimedOutSlots() {
        return false;
    }

    /** What a server gives back to a shard (F5). */
    public KeyRows givenBack(KeyRows rows) {
        return rows;
    }

    /** What a server delivers (F3, F6). */
    public IoreqRows delivered(IoreqRows rows) {
        return rows;
    }

    /** What of that reaches the emulator. */
    public IoreqRows arriving(IoreqRows rows) {
        return rows;
    }

    // Between copies of a shard.

    /** Whether a primary takes it for done by its backup when it has sent it (D-23). */
    public boolean acknowledgesForBackups() {
        return false;
    }

    /** What a copy tells the other one (D-23, D-24). */
    public ShardMessage toCopy(int shard, ShardMessage message) {
        return message;
    }

    /** Under which epoch servers are told of what a primary passes on that began under one, and whose run is under another by now (C7). */
    public long shardEpoch(long began, long ofRun) {
        return began;
    }

    /** What a shard answers to a call (T6). */
    public CallAnswer answer(CallAnswer answer) {
        return answer;
    }

    // At a shard.

    /** Since when a server was at the home that says something, where {@code last} is the one that the shard knows (D-22). */
    public long home(long told, long last) {
        return told;
    }

    /** Whether a shard forgets what it has answered under request ids (section E). */
    public boolean forgetsAnswers() {
        return false;
    }

    /** Whether a copy that comes to decide has none of that. */
    public boolean isPromotedWithoutAnswers() {
        return false;
    }

    /** Up to which of its calls a session's client has all answers, as a node is told (section E). */
    public long acknowledged(long through) {
        return through;
    }

    /** Accesses with what they say of their gateway, as they reach a shard (D-16). */
    public AccessRows fromGateway(AccessRows rows) {
        return rows;
    }

    /** Whether a frame of a link that comes again is taken again (D-18). */
    public boolean takesFramesAgain() {
        return false;
    }

    /** Whether a node is told that rows were sent before (D-20). */
    public boolean resent(boolean resent) {
        return resent;
    }

    /** Accesses as they reach a shard (A3). */
    public AccessRows accepted(AccessRows rows) {
        return rows;
    }

    /** What a shard decides by (C4, rule 0). */
    public DecisionTable table(DecisionTable before, DecisionTable now) {
        return now;
    }

    /** Which servers a shard is told that there are (F5). */
    public BitSet present(BitSet servers) {
        return servers;
    }

    /** Which vCPUs shards are told to be opened anew (A6). */
    public List<VcpuOpening> openedForShards(List<VcpuOpening> opened) {
        return opened;
    }

    /** The settled mark that a shard sends (F6). */
    public long settled(long through) {
        return through;
    }

    /** Where a shard says that a part lies (A2). */
    public long partAddress(int part, long address) {
        return address;
    }

    /** Whether a change of its type wipes a page (T3). */
    public boolean wipesOnTyping() {
        return false;
    }

    // Between shards, vCPUs and guests.

    /** Under which number a shard is asked for an outcome that it has told (A4). */
    public long askedAgain(long sequence) {
        return sequence;
    }

    /** The number that {@link #askedAgain} stands for. */
    public long original(long sequence) {
        return sequence;
    }

    /** Whether the vCPUs are told that the domain is paused (D1). */
    public boolean pausedAtVcpus(boolean paused) {
        return paused;
    }

    /** Which vCPUs the actor of the vCPUs is told to be opened anew (A6). */
    public List<VcpuOpening> openedForVcpus(List<VcpuOpening> opened) {
        return opened;
    }

    /** The value that a guest is told (F2, A4). */
    public long toldToGuest(long value) {
        return value;
    }

    // At an emulator.

    /** What an emulator does with an ioreq (F6, C4). */
    public KeptAnswers.Verdict verdict(KeptAnswers.Verdict verdict) {
        return verdict;
    }
}
