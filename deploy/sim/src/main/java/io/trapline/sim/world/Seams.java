package io.trapline.sim.world;

import io.trapline.client.KeptAnswers;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Snapshot;
import io.trapline.node.ioreq.KeptRequests;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerView;
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
class Seams {
    // At the coordinator.

    /** What a coordinator carries out for a command (C2, C5). */
    List<Command> carriedOut(Command command, RegistryView registry) {
        return List.of(command);
    }

    /** A request that comes again, as the registry sees it (section E). */
    Command retried(Command command) {
        return command;
    }

    /** A log entry that is written again (section E). */
    LogEntry writtenAgain(LogEntry entry) {
        return entry;
    }

    /** What a replica starts from (C6). */
    Snapshot snapshot(Snapshot snapshot) {
        return snapshot;
    }

    /** The drain that a call waits for (F5); 0 = none. */
    long awaited(long drain) {
        return drain;
    }

    /** Under which incarnation the node's next life registers (D4). */
    long incarnation(long fresh) {
        return fresh;
    }

    // Between coordinator and node, and within the node.

    /** Whether the node is told of a change (rule 0). */
    boolean isTold(RegistryChange change) {
        return true;
    }

    /** What the node is told after its session was lost. */
    RegistryChange everything(RegistryChange everything) {
        return everything;
    }

    /** Whether a revision is acknowledged before the shards have applied it (rule 0). */
    boolean acknowledgesEarly() {
        return false;
    }

    /** Whether the shards that agree to a type change carry it out though another refuses (T6). */
    boolean changesWhatAgrees() {
        return false;
    }

    // At a server.

    /** The epoch under which an emulator's answers reach the rules of a server whose bound session has that epoch (S5). */
    long answersEpoch(long streamEpoch, long boundEpoch) {
        return streamEpoch;
    }

    /** Whether the stream of a session is ended that a newer one fences (S5). */
    boolean endsFencedStreams() {
        return true;
    }

    /** Whether an answer that fits no slot is believed all the same (F1, F5). */
    boolean believesLateAnswers() {
        return false;
    }

    /** The revision under which a server is told that rows were decided; {@code applied} is that of its last change (C7). */
    long decidedRevision(long decided, long applied) {
        return decided;
    }

    /** What a server is told that it is (C4, F4, F5, S5). */
    ServerView view(ServerView before, ServerView now) {
        return now;
    }

    /** Whether a server is told that the domain is paused (D1). */
    boolean pausedAtServers(boolean paused) {
        return paused;
    }

    /** What a server is told to drain (F5). */
    List<Drain> drains(List<Drain> begun) {
        return begun;
    }

    /** Which drains are reported at once instead (F5). */
    List<Drain> drainsOverAtOnce(List<Drain> begun) {
        return List.of();
    }

    /** Which vCPUs servers are told to be opened anew (A6). */
    List<VcpuOpening> openedForServers(List<VcpuOpening> opened) {
        return opened;
    }

    /** What a call for a server whose bound session has that epoch says that it is made for (F2). */
    Gate gate(Gate gate, long boundEpoch) {
        return gate;
    }

    /** The credit of a session (S5). */
    int credit(int rows) {
        return rows;
    }

    /** Whether the stream of a session is said to take more. */
    boolean takesMore(boolean ready) {
        return ready;
    }

    /** What a run says at its attach that it has; {@code posted} are the posted writes that the server holds (S5, F3). */
    KeptRequests kept(KeptRequests kept, KeyRows posted) {
        return kept;
    }

    /** What a server tells a shard that came of its rows (F1, F2). */
    OutcomeRows completed(OutcomeRows rows) {
        return rows;
    }

    /** Whether the slot of what has timed out is free at once (F4). */
    boolean freesTimedOutSlots() {
        return false;
    }

    /** What a server gives back to a shard (F5). */
    KeyRows givenBack(KeyRows rows) {
        return rows;
    }

    /** What a server delivers (F3, F6). */
    IoreqRows delivered(IoreqRows rows) {
        return rows;
    }

    /** What of that reaches the emulator. */
    IoreqRows arriving(IoreqRows rows) {
        return rows;
    }

    // At a shard.

    /** Accesses as they reach a shard (A3). */
    AccessRows accepted(AccessRows rows) {
        return rows;
    }

    /** What a shard decides by (C4, rule 0). */
    DecisionTable table(DecisionTable before, DecisionTable now) {
        return now;
    }

    /** Which servers a shard is told that there are (F5). */
    BitSet present(BitSet servers) {
        return servers;
    }

    /** Which vCPUs shards are told to be opened anew (A6). */
    List<VcpuOpening> openedForShards(List<VcpuOpening> opened) {
        return opened;
    }

    /** The settled mark that a shard sends (F6). */
    long settled(long through) {
        return through;
    }

    /** Where a shard says that a part lies (A2). */
    long partAddress(int part, long address) {
        return address;
    }

    /** Whether a change of its type wipes a page (T3). */
    boolean wipesOnTyping() {
        return false;
    }

    // Between shards, vCPUs and guests.

    /** Under which number a shard is asked for an outcome that it has told (A4). */
    long askedAgain(long sequence) {
        return sequence;
    }

    /** The number that {@link #askedAgain} stands for. */
    long original(long sequence) {
        return sequence;
    }

    /** Whether the vCPUs are told that the domain is paused (D1). */
    boolean pausedAtVcpus(boolean paused) {
        return paused;
    }

    /** Which vCPUs the actor of the vCPUs is told to be opened anew (A6). */
    List<VcpuOpening> openedForVcpus(List<VcpuOpening> opened) {
        return opened;
    }

    /** The value that a guest is told (F2, A4). */
    long toldToGuest(long value) {
        return value;
    }

    // At an emulator.

    /** What an emulator does with an ioreq (F6, C4). */
    KeptAnswers.Verdict verdict(KeptAnswers.Verdict verdict) {
        return verdict;
    }
}
