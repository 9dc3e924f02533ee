package io.trapline.sim.world;

import io.trapline.client.KeptAnswers;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Snapshot;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import java.util.List;

/**
 * What passes between the rules, as it passes. A {@link Plant} puts something wrong in its place, so that the checks show that they would notice.
 */
class Seams {
    /** The epoch under which an emulator's answers reach the rules of a server whose bound session has that epoch (S5). */
    long answersEpoch(long streamEpoch, long boundEpoch) {
        return streamEpoch;
    }

    /** The revision under which a server is told that rows were decided; {@code applied} is what it has applied (C7). */
    long decidedRevision(long decided, long applied) {
        return decided;
    }

    /** What a server is told that it is (C4, F5). */
    ServerView view(ServerView before, ServerView now) {
        return now;
    }

    /** What a server is told to drain (F5). */
    List<Drain> drains(List<Drain> begun) {
        return begun;
    }

    /** Which drains are reported at once instead (F5). */
    List<Drain> drainsOverAtOnce(List<Drain> begun) {
        return List.of();
    }

    /** Which vCPUs shards are told to be opened anew (A6). */
    List<VcpuOpening> openedForShards(List<VcpuOpening> opened) {
        return opened;
    }

    /** Which vCPUs servers are told to be opened anew (A6). */
    List<VcpuOpening> openedForServers(List<VcpuOpening> opened) {
        return opened;
    }

    /** What a call for a server says that it is made for (F2). */
    Gate gate(Gate gate) {
        return gate;
    }

    /** The settled mark that a shard sends (F6). */
    long settled(long through) {
        return through;
    }

    /** What an emulator does with an ioreq (F6). */
    KeptAnswers.Verdict verdict(KeptAnswers.Verdict verdict) {
        return verdict;
    }

    /** Under which number a shard is asked for an outcome that it has told (A4). */
    long askedAgain(long sequence) {
        return sequence;
    }

    /** The number that {@link #askedAgain} stands for. */
    long original(long sequence) {
        return sequence;
    }

    /** Whether a new session finds no posted writes of before (F3). */
    boolean losesPostedOnAttach() {
        return false;
    }

    /** Whether an answer that fits nothing is believed all the same (F1, F5). */
    boolean believesLateAnswers() {
        return false;
    }

    /** Whether the revision is acknowledged before the shards have applied it (rule 0). */
    boolean acknowledgesEarly() {
        return false;
    }

    /** The marks under which an ioreq reaches its emulator (F6). */
    int marks(int marks) {
        return marks;
    }

    /** What a server gives back to a shard (F5). */
    KeyRows givenBack(KeyRows rows) {
        return rows;
    }

    /** What a server delivers (F4). */
    IoreqRows delivered(IoreqRows rows) {
        return rows;
    }

    // What the registry says.

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

    /** Whether the node is told of a change. */
    boolean isTold(RegistryChange change) {
        return true;
    }

    /** What a node is told after its session was lost. */
    RegistryChange everything(RegistryChange everything) {
        return everything;
    }

    /** What a call waits for that waits for a drain (F5); 0 = nothing. */
    long awaited(long drain) {
        return drain;
    }

    /** Under which incarnation the node's next life registers (D4). */
    long incarnation(long fresh) {
        return fresh;
    }
}
