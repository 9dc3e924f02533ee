package io.trapline.coordinator.registry;

import com.google.protobuf.ByteString;
import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.BeginLeadership;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.DrainNode;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.EndNode;
import io.trapline.internal.v1.EndSession;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.LapseNode;
import io.trapline.internal.v1.LeaveNode;
import io.trapline.internal.v1.MoveVcpu;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.OpenVcpuStream;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.ReleaseUnattended;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.Snapshot;
import io.trapline.internal.v1.StartSync;
import io.trapline.internal.v1.UndrainNode;
import io.trapline.v1.Claim;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.IoRange;
import io.trapline.v1.MapIoRangeRequest;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.OnDisconnect;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.UnmapIoRangeRequest;
import io.trapline.v1.UnpauseDomainRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Commands of every kind over a few ids, so that they meet; some with request ids that are used again. */
final class RandomCommands {
    private static final List<String> PRINCIPALS = List.of("alice", "bob");

    private final RandomGenerator random;
    private final List<Command> numbered = new ArrayList<>();
    private final long[] incarnations = {1, 1, 1};

    RandomCommands(RandomGenerator random) {
        this.random = random;
    }

    /** The next one; {@code now} is what drains and sessions are picked from. */
    Command next(Snapshot now) {
        if (!numbered.isEmpty() && random.nextInt(10) == 0) {
            return numbered.get(random.nextInt(numbered.size()));
        }
        Command command = switch (random.nextInt(18)) {
            case 0 -> create();
            case 1 -> random.nextInt(4) > 0 ? pauseOrUnpause() : destroyDomain();
            case 2 -> random.nextBoolean() ? register(now) : lease(now);
            case 3 -> session(now);
            case 4, 5 -> createServer(now);
            case 6 -> setState(now);
            case 7 -> random.nextInt(3) > 0 ? setState(now) : destroyServer(now);
            case 8 -> mapRange(now);
            case 9 -> openVcpu();
            case 10 -> random.nextBoolean() ? attach(now) : detach(now);
            case 11, 12, 13 -> claim(now);
            case 14, 15 -> changeRun(now);
            case 16 -> random.nextInt(8) == 0 ? releaseUnattended(now) : finish(now);
            default -> finish(now);
        };
        if (RequestIds.of(command).isPresent()) {
            numbered.add(command);
        }
        return command;
    }

    private RequestId requestId(Snapshot now) {
        long session = now.getSessionsCount() == 0
                ? 1
                : now.getSessions(random.nextInt(now.getSessionsCount())).getSession();
        long number = 1 + random.nextLong(2_000);
        return RequestId.newBuilder()
                .setSession(session)
                .setNumber(number)
                .setAcknowledgedThrough(random.nextInt(8) == 0 ? number / 2 : 0)
                .build();
    }

    private boolean withRequestId() {
        return random.nextInt(3) == 0;
    }

    private int domid() {
        return 1 + random.nextInt(4);
    }

    private int id() {
        return random.nextInt(5);
    }

    private Command.Builder by() {
        return Command.newBuilder().setPrincipal(PRINCIPALS.get(random.nextInt(5) == 0 ? 1 : 0));
    }

    private Command create() {
        var request = CreateDomainRequest.newBuilder()
                .setDomid(random.nextBoolean() ? 0 : domid())
                .setNrPages(1 + random.nextLong(1L << 20))
                .setNrVcpus(1 + random.nextInt(3))
                .setMemoryValue(
                        random.nextInt(20) == 0 ? random.nextInt(4) : DomainMemory.DOMAIN_MEMORY_VOLATILE_VALUE);
        var create = CreateDomain.newBuilder().setRequest(request);
        for (int node = 0; node < incarnations.length; node++) {
            create.addUsableNodes(NodeLife.newBuilder().setNode("n" + node).setIncarnation(incarnations[node]));
        }
        return by().setCreateDomain(create).build();
    }

    private Command destroyDomain() {
        return by().setDestroyDomain(DestroyDomainRequest.newBuilder().setDomid(domid()))
                .build();
    }

    private Command pauseOrUnpause() {
        return random.nextBoolean()
                ? by().setPauseDomain(PauseDomainRequest.newBuilder().setDomid(domid()))
                        .build()
                : by().setUnpauseDomain(UnpauseDomainRequest.newBuilder().setDomid(domid()))
                        .build();
    }

    private Command register(Snapshot now) {
        int node = random.nextInt(incarnations.length);
        if (random.nextInt(8) == 0) {
            incarnations[node]++;
        }
        return Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder()
                        .setNode("n" + node)
                        .setIncarnation(incarnations[node])
                        .setMemoryBytes(random.nextInt(2)))
                .setLeadership(random.nextBoolean() ? 0 : leadership(now))
                .build();
    }

    /** A leadership begins, or the one of now has seen a lease end. */
    private Command lease(Snapshot now) {
        int node = random.nextInt(incarnations.length);
        NodeLife life = NodeLife.newBuilder()
                .setNode("n" + node)
                .setIncarnation(incarnations[node])
                .build();
        // Seldom: little happens at nodes that are given nothing.
        if (random.nextInt(12) == 0) {
            return drain(life);
        }
        return switch (random.nextInt(6)) {
            case 0 ->
                Command.newBuilder()
                        .setBeginLeadership(BeginLeadership.newBuilder().setPeer("c" + random.nextInt(3)))
                        .build();
            case 1 -> {
                incarnations[node]++;
                yield Command.newBuilder()
                        .setEndNode(EndNode.newBuilder().setLife(life))
                        .setLeadership(leadership(now))
                        .build();
            }
            default ->
                Command.newBuilder()
                        .setLapseNode(LapseNode.newBuilder().setLife(life))
                        .setLeadership(leadership(now))
                        .build();
        };
    }

    private Command drain(NodeLife life) {
        return switch (random.nextInt(16)) {
            case 0 ->
                Command.newBuilder()
                        .setDrainNode(DrainNode.newBuilder().setNode(life.getNode()))
                        .build();
            case 1 ->
                Command.newBuilder()
                        .setLeaveNode(LeaveNode.newBuilder().setLife(life))
                        .build();
            default ->
                Command.newBuilder()
                        .setUndrainNode(UndrainNode.newBuilder().setNode(life.getNode()))
                        .build();
        };
    }

    /** A change of a run of shards, mostly one that is possible now. */
    private Command changeRun(Snapshot now) {
        List<PlacedDomain> domains = now.getDomainsList();
        if (domains.isEmpty()) {
            return create();
        }
        PlacedDomain placed = domains.get(random.nextInt(domains.size()));
        ShardRun run = placed.getRuns(0);
        RunName name = RunName.newBuilder()
                .setDomid(placed.getDomain().getDomid())
                .setDomainGeneration(placed.getDomain().getGeneration())
                .setEpoch(random.nextInt(8) == 0 ? random.nextLong(200) : run.getEpoch())
                .build();
        int node = random.nextInt(incarnations.length);
        NodeLife any = NodeLife.newBuilder()
                .setNode("n" + node)
                .setIncarnation(incarnations[node])
                .build();
        NodeLife proposer = random.nextInt(8) == 0 ? any : run.getPrimary();
        Command.Builder command = Command.newBuilder();
        switch (random.nextInt(9)) {
            case 8 -> {
                BeginHandOver.Builder begin = BeginHandOver.newBuilder().setRun(name);
                command.setBeginHandOver(random.nextBoolean() ? begin.setPrimary(proposer) : begin)
                        .setLeadership(leadership(now));
            }
            case 0, 1, 2 ->
                command.setStartSync(StartSync.newBuilder().setRun(name).setSyncing(any))
                        .setLeadership(leadership(now));
            case 3, 4 ->
                command.setAddBackup(AddBackup.newBuilder().setRun(name).setPrimary(proposer));
            case 5 -> {
                DropBackup.Builder drop = DropBackup.newBuilder().setRun(name);
                command.setDropBackup(random.nextBoolean() ? drop.setPrimary(proposer) : drop)
                        .setLeadership(leadership(now));
            }
            case 6 -> command.setHandOver(HandOver.newBuilder().setRun(name).setPrimary(proposer));
            default ->
                command.setAbandonSync(AbandonSync.newBuilder().setRun(name).setPrimary(proposer));
        }
        return command.build();
    }

    private long leadership(Snapshot now) {
        return random.nextInt(10) == 0 ? random.nextLong(100) : now.getLeadership();
    }

    private Command session(Snapshot now) {
        return random.nextInt(4) == 0 && now.getSessionsCount() > 0
                ? Command.newBuilder()
                        .setEndSession(EndSession.newBuilder()
                                .setSession(requestId(now).getSession()))
                        .build()
                : Command.newBuilder()
                        .setOpenSession(OpenSessionRequest.getDefaultInstance())
                        .build();
    }

    private Command createServer(Snapshot now) {
        var request = CreateIoreqServerRequest.newBuilder().setDomid(domid()).setBufioreqValue(random.nextInt(5));
        if (random.nextInt(3) == 0) {
            request.setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE).setGraceMs(1 + random.nextInt(20));
        }
        if (withRequestId()) {
            request.setRequestId(requestId(now));
        }
        return by().setCreateIoreqServer(request).build();
    }

    private Command releaseUnattended(Snapshot now) {
        var request = ReleaseUnattended.newBuilder().setDomid(domid()).setTypeValue(16 + random.nextInt(3));
        for (Claim claim : now.getClaimsList()) {
            if (claim.getDomid() == request.getDomid() && claim.getType() == request.getType()) {
                request.setEpoch(claim.getEpoch());
            }
        }
        return by().setReleaseUnattended(request)
                .setLeadership(now.getLeadership())
                .build();
    }

    private Command destroyServer(Snapshot now) {
        var request = DestroyIoreqServerRequest.newBuilder().setDomid(domid()).setId(id());
        if (withRequestId()) {
            request.setRequestId(requestId(now));
        }
        return by().setDestroyIoreqServer(request).build();
    }

    private Command setState(Snapshot now) {
        var request = SetIoreqServerStateRequest.newBuilder()
                .setDomid(domid())
                .setId(id())
                .setEnabled(random.nextBoolean());
        if (withRequestId()) {
            request.setRequestId(requestId(now));
        }
        return by().setSetIoreqServerState(request).build();
    }

    private Command mapRange(Snapshot now) {
        long start = random.nextInt(100);
        IoRange range = IoRange.newBuilder()
                .setTypeValue(1 + random.nextInt(3))
                .setStart(start)
                .setEnd(start + random.nextInt(10) - 1)
                .build();
        RequestId requestId = requestId(now);
        return random.nextInt(3) > 0
                ? by().setMapIoRange(MapIoRangeRequest.newBuilder()
                                .setRequestId(requestId)
                                .setDomid(domid())
                                .setId(id())
                                .setRange(range))
                        .build()
                : by().setUnmapIoRange(UnmapIoRangeRequest.newBuilder()
                                .setDomid(domid())
                                .setId(id())
                                .setRange(range))
                        .build();
    }

    private Command openVcpu() {
        if (random.nextInt(8) == 0) {
            return Command.newBuilder()
                    .setMoveVcpu(MoveVcpu.newBuilder()
                            .setDomid(domid())
                            .setVcpu(random.nextInt(4))
                            .setToken(token())
                            .setNode("n" + random.nextInt(3)))
                    .build();
        }
        return Command.newBuilder()
                .setOpenVcpu(OpenVcpuStream.newBuilder()
                        .setDomid(domid())
                        .setVcpu(random.nextInt(4))
                        .setToken(token()))
                .build();
    }

    private ByteString token() {
        return ByteString.copyFromUtf8(random.nextBoolean() ? "a" : "b");
    }

    private Command attach(Snapshot now) {
        int at = now.getServersCount() == 0 ? -1 : random.nextInt(now.getServersCount());
        var server = at < 0
                ? io.trapline.v1.IoreqServer.getDefaultInstance()
                : now.getServers(at).getRecord().getServer();
        return Command.newBuilder()
                .setAttachEmulator(AttachEmulator.newBuilder()
                        .setPrincipal(server.getPrincipal())
                        .setDomid(server.getDomid())
                        .setId(server.getId())
                        .setGeneration(server.getGeneration())
                        .setRun(1 + random.nextInt(3))
                        .setStream(1 + random.nextInt(4))
                        .setStandby(random.nextBoolean())
                        .setResume(random.nextInt(4) == 0)
                        .setNode("n" + random.nextInt(2)))
                .build();
    }

    private Command detach(Snapshot now) {
        var servers = now.getServersList();
        var server = servers.isEmpty()
                ? io.trapline.v1.IoreqServer.getDefaultInstance()
                : servers.get(random.nextInt(servers.size())).getRecord().getServer();
        return Command.newBuilder()
                .setDetachEmulator(DetachEmulator.newBuilder()
                        .setDomid(server.getDomid())
                        .setId(server.getId())
                        .setSessionEpoch(random.nextBoolean() ? server.getSessionEpoch() : 0)
                        .setStream(random.nextInt(5)))
                .build();
    }

    private Command claim(Snapshot now) {
        var request = MapMemTypeRequest.newBuilder()
                .setDomid(domid())
                .setId(id())
                .setTypeValue(16 + random.nextInt(3))
                .setFlags(random.nextInt(4));
        if (withRequestId()) {
            request.setRequestId(requestId(now));
        }
        return by().setMapMemType(request).build();
    }

    private Command finish(Snapshot now) {
        List<DrainRecord> drains = now.getDrainsList();
        long drain = drains.isEmpty() || random.nextInt(10) == 0
                ? random.nextLong(100)
                : drains.get(random.nextInt(drains.size())).getRevision();
        return Command.newBuilder()
                .setFinishDrain(FinishDrain.newBuilder().setRevision(drain))
                .setLeadership(leadership(now))
                .build();
    }
}
