package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.BeginGeneration;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CommitterState;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Snapshot;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the whole cluster agrees on: a state machine, total and deterministic. Two registries that were fed the same commands are
 * equal, and a refusal changes nothing (section E: shape, existence, ownership, conflict).
 *
 * <p>Commands and entities are the messages of the contract and of the log. A second model of them in records would have to be
 * translated for the log, for the snapshot, for the nodes and for the clients, and could differ from each; messages are immutable and
 * compare by content, which is all that a rule needs.
 *
 * <p>Revisions come from one counter, raised by each command that changes something: they name generations, epochs and drains. Its high
 * 16 bits are the generation of the cluster, which a restored backup raises, so that nothing it granted before is granted again.
 *
 * <p>One thread at a time; whoever reads through {@link #view} keeps commands away meanwhile.
 */
@Pure
public final class Registry {
    static final int GENERATION_SHIFT = 48;

    private final State state;
    private final RegistryView view;
    private final Domains domains;
    private final Servers servers;
    private final Ranges ranges;
    private final Claims claims;
    private final Attachments attachments;
    private final Endings endings;
    private final Sessions sessions;
    private final Nodes nodes;
    private final Vcpus vcpus;
    private final ShardRuns runs;
    private final NodeDrains nodeDrains;
    private final Leaderships leaderships;
    private final CoordinatorIds coordinatorIds;

    private Registry(State state) {
        this.state = state;
        this.view = new RegistryView(state);
        Existence existence = new Existence(state);
        Drains drains = new Drains(state);
        this.claims = new Claims(state, existence, drains);
        this.servers = new Servers(state, existence, claims, drains);
        this.ranges = new Ranges(state, existence, servers);
        this.nodeDrains = new NodeDrains(state, existence, servers);
        this.attachments = new Attachments(state, existence, servers, nodeDrains);
        this.endings = new Endings(state, claims, drains);
        this.sessions = new Sessions(state);
        this.runs = new ShardRuns(state, existence);
        this.nodes = new Nodes(state, servers, new Homes(state, servers), runs);
        this.vcpus = new Vcpus(state, existence, nodeDrains);
        this.leaderships = new Leaderships(state);
        this.coordinatorIds = new CoordinatorIds(state);
        this.domains = new Domains(state, existence, nodes, servers, drains);
    }

    /** One that knows nothing. */
    public static Registry empty() {
        return new Registry(new State());
    }

    /** As {@link #snapshot} left it. Throws {@link IllegalArgumentException} for a format that this version does not know. */
    public static Registry restore(Snapshot snapshot) {
        return new Registry(Snapshots.restore(snapshot));
    }

    /** Everything that an answer can depend on. */
    public Snapshot snapshot() {
        return Snapshots.of(state);
    }

    /** What can be read. */
    public RegistryView view() {
        return view;
    }

    /** The last log entry that was applied. */
    public long appliedIndex() {
        return state.appliedIndex;
    }

    /** What is wrong with the command by itself (EINVAL); services ask before they write it to the log. */
    public static Optional<Refusal> shape(Command command) {
        return Shapes.check(command);
    }

    /**
     * Applies the commands of a log entry, one after the other. An entry that its committer has written again gets its answers, and
     * changes nothing.
     */
    public List<Result> apply(long index, LogEntry entry) {
        state.appliedIndex = index;
        Optional<List<Answer>> earlier = state.committers.earlier(entry);
        if (earlier.isPresent()) {
            return earlier.get().stream()
                    .map(answer -> new Result(answer, Optional.empty()))
                    .toList();
        }
        List<Result> results = new ArrayList<>(entry.getCommandsCount());
        for (Command command : entry.getCommandsList()) {
            results.add(apply(index, command));
        }
        state.committers.keep(CommitterState.newBuilder()
                .setCommitter(entry.getCommitter())
                .setNumber(entry.getNumber())
                .addAllAnswers(results.stream().map(Result::answer).toList())
                .build());
        return results;
    }

    /** Applies one command of the log entry at {@code index}. */
    public Result apply(long index, Command command) {
        state.appliedIndex = index;
        long before = state.revision;
        Answer answer = Shapes.check(command)
                .or(() -> leaderships.check(command))
                .map(Answers::refused)
                .orElseGet(() -> RequestIds.of(command)
                        .map(id -> sessions.once(id, command, () -> carryOut(command)))
                        .orElseGet(() -> carryOut(command)));
        Change change = state.takeChange();
        Optional<RegistryChange> changed =
                state.revision == before ? Optional.empty() : Optional.of(change.build(state));
        return new Result(answer, changed, change.runs(state, command));
    }

    private Answer carryOut(Command command) {
        String principal = command.getPrincipal();
        return switch (command.getCommandCase()) {
            case CREATE_DOMAIN -> domains.create(command.getCreateDomain());
            case DESTROY_DOMAIN -> domains.destroy(command.getDestroyDomain());
            case PAUSE_DOMAIN -> domains.pause(command.getPauseDomain());
            case UNPAUSE_DOMAIN -> domains.unpause(command.getUnpauseDomain());
            case CREATE_IOREQ_SERVER -> servers.create(principal, command.getCreateIoreqServer());
            case DESTROY_IOREQ_SERVER -> servers.destroy(principal, command.getDestroyIoreqServer());
            case SET_IOREQ_SERVER_STATE -> servers.setState(principal, command.getSetIoreqServerState());
            case MAP_IO_RANGE -> ranges.map(principal, command.getMapIoRange());
            case UNMAP_IO_RANGE -> ranges.unmap(principal, command.getUnmapIoRange());
            case MAP_MEM_TYPE -> claims.mapMemType(principal, command.getMapMemType());
            case OPEN_SESSION -> sessions.open();
            case END_SESSION -> sessions.end(command.getEndSession());
            case REGISTER_NODE -> nodes.register(command.getRegisterNode(), command.getLeadership());
            case ATTACH_EMULATOR -> attachments.attach(command.getAttachEmulator());
            case DETACH_EMULATOR -> attachments.detach(command.getDetachEmulator());
            case OPEN_VCPU -> vcpus.open(command.getOpenVcpu());
            case MOVE_VCPU -> vcpus.move(command.getMoveVcpu());
            case FINISH_DRAIN -> endings.finish(command.getFinishDrain());
            case BEGIN_GENERATION -> beginGeneration(command.getBeginGeneration());
            case BEGIN_LEADERSHIP -> leaderships.begin();
            case USE_COORDINATOR_IDS -> coordinatorIds.use(command.getUseCoordinatorIds());
            case LAPSE_NODE -> nodes.lapse(command.getLapseNode().getLife());
            case START_SYNC -> runs.startSync(command.getStartSync());
            case ABANDON_SYNC -> runs.abandonSync(command.getAbandonSync());
            case ADD_BACKUP -> runs.addBackup(command.getAddBackup());
            case DROP_BACKUP -> runs.dropBackup(command.getDropBackup());
            case BEGIN_HAND_OVER -> runs.beginHandOver(command.getBeginHandOver());
            case HAND_OVER -> runs.handOver(command.getHandOver());
            case DRAIN_NODE -> nodeDrains.drain(command.getDrainNode().getNode(), true);
            case UNDRAIN_NODE -> nodeDrains.drain(command.getUndrainNode().getNode(), false);
            case LEAVE_NODE -> nodeDrains.leave(command.getLeaveNode().getLife());
            case MOVE_HOME -> nodeDrains.moveHome(command.getMoveHome());
            case RELEASE_UNATTENDED -> claims.releaseUnattended(command.getReleaseUnattended());
            case END_NODE -> nodes.end(command.getEndNode().getLife());
            case COMMAND_NOT_SET -> throw new IllegalStateException("a command without content passed its shape");
        };
    }

    private Answer beginGeneration(BeginGeneration q) {
        long now = state.revision >>> GENERATION_SHIFT;
        if (q.getGeneration() <= now) {
            return Answers.refused(Refusal.invalid("generation", q.getGeneration(), "now it is " + now));
        }
        state.revision = (long) q.getGeneration() << GENERATION_SHIFT;
        long revision = state.begin();
        sessions.endAll();
        nodes.endAll(revision);
        leaderships.end();
        coordinatorIds.forget();
        return Answers.done(revision).build();
    }
}
