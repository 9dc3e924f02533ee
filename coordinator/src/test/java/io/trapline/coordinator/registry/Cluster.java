package io.trapline.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.BeginLeadership;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.EndNode;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.LapseNode;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.OpenVcpuStream;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.MapIoRangeRequest;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.UnmapIoRangeRequest;
import io.trapline.v1.UnpauseDomainRequest;
import java.util.List;
import java.util.Optional;

/** A registry and commands to it in the words of the tests. Servers belong to ALICE unless a test says otherwise. */
final class Cluster {
    static final String ALICE = "alice";
    static final String BOB = "bob";
    static final String NODE = "n1";
    static final long INCARNATION = 77;

    Registry registry = Registry.empty();
    private long index;
    private long leadership;
    private Optional<RegistryChange> lastChange = Optional.empty();
    private List<RunChange> lastRuns = List.of();

    /** One with a node. */
    static Cluster withNode() {
        Cluster cluster = new Cluster();
        cluster.done(Command.newBuilder().setRegisterNode(node(NODE, INCARNATION)));
        return cluster;
    }

    /** The leadership of now; the first one begins where there is none. */
    long leadership() {
        return leadership == 0 ? beginLeadership() : leadership;
    }

    long beginLeadership() {
        leadership = done(Command.newBuilder()
                        .setBeginLeadership(BeginLeadership.newBuilder().setPeer("c1")))
                .getRevision();
        return leadership;
    }

    /** A life that follows another one, whose lease the leader has seen end. */
    Command.Builder replace(String node, long incarnation) {
        return Command.newBuilder().setRegisterNode(node(node, incarnation)).setLeadership(leadership());
    }

    Command.Builder lapse(String node, long incarnation) {
        return Command.newBuilder()
                .setLapseNode(LapseNode.newBuilder().setLife(life(node, incarnation)))
                .setLeadership(leadership());
    }

    Command.Builder end(String node, long incarnation) {
        return Command.newBuilder()
                .setEndNode(EndNode.newBuilder().setLife(life(node, incarnation)))
                .setLeadership(leadership());
    }

    static NodeLife life(String node, long incarnation) {
        return NodeLife.newBuilder().setNode(node).setIncarnation(incarnation).build();
    }

    static RegisterNode node(String name, long incarnation) {
        return RegisterNode.newBuilder()
                .setNode(name)
                .setIncarnation(incarnation)
                .setAddress("127.0.0.1:1")
                .build();
    }

    Answer apply(Command.Builder command) {
        Result result = registry.apply(++index, command.build());
        lastChange = result.change();
        lastRuns = result.runs();
        return result.answer();
    }

    Answer done(Command.Builder command) {
        Answer answer = apply(command);
        assertThat(Answers.refusal(answer)).isEmpty();
        return answer;
    }

    Refusal refused(Errno errno, Command.Builder command) {
        long before = registry.view().revision();
        Answer answer = apply(command);
        assertThat(Answers.refusal(answer)).map(Refusal::errno).contains(errno);
        assertThat(registry.view().revision()).isEqualTo(before);
        assertThat(lastChange).isEmpty();
        return Answers.refusal(answer).orElseThrow();
    }

    /** What operators are told of copies. */
    List<RunChange> runs() {
        return lastRuns;
    }

    RegistryChange change() {
        return lastChange.orElseThrow();
    }

    long finish(long drain) {
        return done(Command.newBuilder().setFinishDrain(FinishDrain.newBuilder().setRevision(drain)))
                .getRevision();
    }

    /** A domain of 1 GiB with four vCPUs under the lowest free id. */
    int domain() {
        return done(createDomain(0)).getCreateDomain().getDomain().getDomid();
    }

    int server(int domid) {
        return done(createServer(ALICE, domid)).getCreateIoreqServer().getId();
    }

    long generation(int domid, int id) {
        return switch (registry.view().server(domid, 0, id, 0)) {
            case Reading.Found<io.trapline.v1.IoreqServer> found ->
                found.value().getGeneration();
            case Reading.Refused<io.trapline.v1.IoreqServer> refused ->
                throw new AssertionError(refused.refusal().message());
        };
    }

    static Command.Builder createDomain(int domid) {
        return createDomain(CreateDomainRequest.newBuilder()
                .setDomid(domid)
                .setNrPages(1L << 18)
                .setNrVcpus(4)
                .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE));
    }

    static Command.Builder createDomain(CreateDomainRequest.Builder request) {
        return Command.newBuilder()
                .setPrincipal(ALICE)
                .setCreateDomain(CreateDomain.newBuilder()
                        .setRequest(request)
                        .addUsableNodes(NodeLife.newBuilder().setNode(NODE).setIncarnation(INCARNATION)));
    }

    static Command.Builder destroyDomain(int domid) {
        return Command.newBuilder()
                .setDestroyDomain(DestroyDomainRequest.newBuilder().setDomid(domid));
    }

    static Command.Builder pause(int domid) {
        return Command.newBuilder()
                .setPauseDomain(PauseDomainRequest.newBuilder().setDomid(domid));
    }

    static Command.Builder unpause(int domid) {
        return Command.newBuilder()
                .setUnpauseDomain(UnpauseDomainRequest.newBuilder().setDomid(domid));
    }

    static Command.Builder createServer(String principal, int domid) {
        return Command.newBuilder()
                .setPrincipal(principal)
                .setCreateIoreqServer(CreateIoreqServerRequest.newBuilder().setDomid(domid));
    }

    static Command.Builder destroyServer(int domid, int id) {
        return Command.newBuilder()
                .setPrincipal(ALICE)
                .setDestroyIoreqServer(
                        DestroyIoreqServerRequest.newBuilder().setDomid(domid).setId(id));
    }

    static Command.Builder setState(int domid, int id, boolean enabled) {
        return Command.newBuilder()
                .setPrincipal(ALICE)
                .setSetIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setEnabled(enabled));
    }

    static Command.Builder claim(int domid, int id, int x, int flags) {
        return Command.newBuilder()
                .setPrincipal(ALICE)
                .setMapMemType(MapMemTypeRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setTypeValue(16 + x)
                        .setFlags(flags));
    }

    static Command.Builder release(int domid, int id, int x) {
        return claim(domid, id, x, 0);
    }

    static Command.Builder map(int domid, int id, IoRangeType type, long start, long end) {
        return Command.newBuilder()
                .setPrincipal(ALICE)
                .setMapIoRange(
                        MapIoRangeRequest.newBuilder().setDomid(domid).setId(id).setRange(range(type, start, end)));
    }

    static Command.Builder unmap(int domid, int id, IoRangeType type, long start, long end) {
        return Command.newBuilder()
                .setPrincipal(ALICE)
                .setUnmapIoRange(UnmapIoRangeRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setRange(range(type, start, end)));
    }

    static Command.Builder attach(int domid, int id, long generation, long run) {
        return Command.newBuilder()
                .setAttachEmulator(AttachEmulator.newBuilder()
                        .setPrincipal(ALICE)
                        .setDomid(domid)
                        .setId(id)
                        .setGeneration(generation)
                        .setRun(run)
                        .setNode(NODE));
    }

    static Command.Builder openVcpu(int domid, int vcpu) {
        return Command.newBuilder()
                .setOpenVcpu(OpenVcpuStream.newBuilder()
                        .setDomid(domid)
                        .setVcpu(vcpu)
                        .setNode(NODE));
    }

    static IoRange range(IoRangeType type, long start, long end) {
        return IoRange.newBuilder().setType(type).setStart(start).setEnd(end).build();
    }
}
