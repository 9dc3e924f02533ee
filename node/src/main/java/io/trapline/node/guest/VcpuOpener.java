package io.trapline.node.guest;

import com.google.protobuf.ByteString;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.MoveVcpu;
import io.trapline.internal.v1.OpenVcpuStream;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.GuestRoute;
import io.trapline.v1.VcpuFenced;
import io.trapline.v1.VcpuOpened;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a domain's vCPUs are opened, resumed, moved, closed and fenced (A6): what guests ask, what the registry says of that, and what it tells of others. Owned
 * by the actor of the vCPUs.
 */
final class VcpuOpener {
    /** Asks the registry. */
    interface Registry {
        /** {@link #answered} is given what {@code result} makes of the answer. */
        void execute(ExecuteRequest command, BiFunction<@Nullable ExecuteResponse, @Nullable Throwable, Result> result);
    }

    /** What the registry said of an open; {@code stream} is null when the vCPU is being closed. */
    record Result(
            @Nullable GuestStream stream,
            io.trapline.v1.OpenVcpu asked,
            byte[] token,
            @Nullable ExecuteResponse response,
            @Nullable Throwable failure) {}

    private static final int MAX_OPENS_UNDER_WAY = 4096;
    private static final int TOKEN_BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final int domid;
    private final long domainGeneration;
    private final int nrVcpus;
    private final ShardMap shardMap;
    private final Supplier<Optional<String>> guestsNode;
    private final Life self;
    private final VcpuStreams<GuestStream, OpenVcpu> vcpus;
    private final VcpusOutbox outbox;
    private final Registry registry;
    private int opensUnderWay;

    VcpuOpener(
            int domid,
            long domainGeneration,
            int nrVcpus,
            ShardMap shardMap,
            Supplier<Optional<String>> guestsNode,
            Life self,
            VcpuStreams<GuestStream, OpenVcpu> vcpus,
            VcpusOutbox outbox,
            Registry registry) {
        this.domid = domid;
        this.domainGeneration = domainGeneration;
        this.nrVcpus = nrVcpus;
        this.shardMap = shardMap;
        this.guestsNode = guestsNode;
        this.self = self;
        this.vcpus = vcpus;
        this.outbox = outbox;
        this.registry = registry;
    }

    /** A guest asks for a vCPU: for a new one, or with a token for one that it has. */
    void open(GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        Refusal refusal = check(asked);
        if (refusal != null) {
            stream.send(GuestStream.refused(asked.getVcpu(), refusal));
        } else if (asked.getToken().isEmpty()) {
            propose(stream, asked);
        } else {
            resume(stream, asked);
        }
    }

    /** Its guest closes it: it gets a new epoch that nobody runs, so what is under way is let go as when somebody else opens it. */
    void close(int vcpu) {
        vcpus.remove(vcpu);
        propose(null, io.trapline.v1.OpenVcpu.newBuilder().setVcpu(vcpu).build());
    }

    @Nullable
    private Refusal check(io.trapline.v1.OpenVcpu asked) {
        if (asked.getVcpu() < 0 || asked.getVcpu() >= nrVcpus) {
            return Refusal.invalid(
                            "vcpu",
                            Integer.toUnsignedString(asked.getVcpu()),
                            "domain " + domid + " has 0 … " + (nrVcpus - 1))
                    .with("limit", nrVcpus - 1);
        }
        if (asked.getDomainGeneration() != 0 && asked.getDomainGeneration() != domainGeneration) {
            return Refusal.otherDomainGeneration(domid, asked.getDomainGeneration(), domainGeneration);
        }
        int window = asked.getWindow();
        boolean mayBeNone = !asked.getToken().isEmpty();
        if (window < (mayBeNone ? 0 : 1) || window > Limit.MAX_WINDOW.value()) {
            return Refusal.invalid("window", Integer.toUnsignedString(window), "1 … " + Limit.MAX_WINDOW.value())
                    .with("limit", Limit.MAX_WINDOW.value());
        }
        if (opensUnderWay >= MAX_OPENS_UNDER_WAY) {
            return Refusal.of(Errno.EAGAIN, "too many vCPUs are being opened").with("limit", MAX_OPENS_UNDER_WAY);
        }
        return null;
    }

    private void propose(@Nullable GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        byte[] token = new byte[stream == null ? 0 : TOKEN_BYTES];
        RANDOM.nextBytes(token);
        opensUnderWay++;
        if (stream != null) {
            stream.opening++;
        }
        ExecuteRequest command = ExecuteRequest.newBuilder()
                .setOpenVcpu(OpenVcpuStream.newBuilder()
                        .setDomid(domid)
                        .setDomainGeneration(domainGeneration)
                        .setVcpu(asked.getVcpu())
                        .setNode(self.node())
                        .setWindow(asked.getWindow())
                        .setToken(ByteString.copyFrom(token)))
                .build();
        registry.execute(command, (response, failure) -> new Result(stream, asked, token, response, failure));
    }

    /** The guest has opened the vCPU at another node, and goes on here if the registry knows its token. */
    private void proposeMove(GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        opensUnderWay++;
        stream.opening++;
        ExecuteRequest command = ExecuteRequest.newBuilder()
                .setMoveVcpu(MoveVcpu.newBuilder()
                        .setDomid(domid)
                        .setDomainGeneration(domainGeneration)
                        .setVcpu(asked.getVcpu())
                        .setToken(asked.getToken())
                        .setNode(self.node()))
                .build();
        byte[] token = asked.getToken().toByteArray();
        registry.execute(command, (response, failure) -> new Result(stream, asked, token, response, failure));
    }

    void answered(Result result) {
        opensUnderWay--;
        GuestStream stream = result.stream();
        if (stream != null) {
            answered(stream, result);
            stream.opening--;
        }
    }

    private void answered(GuestStream stream, Result result) {
        int vcpu = result.asked().getVcpu();
        ExecuteResponse response = result.response();
        if (response == null) {
            Refusal unknown = Refusal.of(Errno.EAGAIN, "the registry did not answer: " + result.failure());
            stream.send(GuestStream.refused(vcpu, unknown));
            return;
        }
        if (response.hasRefusal()) {
            stream.send(AccessResponse.newBuilder()
                    .setOpenRefused(io.trapline.v1.OpenRefused.newBuilder()
                            .setVcpu(vcpu)
                            .setStatus(response.getRefusal()))
                    .build());
            return;
        }
        long epoch = epoch(response);
        switch (vcpus.came(vcpu, epoch, response.getRevision(), stream.gone)) {
            case OVERTAKEN -> {}
            case FENCED -> stream.send(GuestStream.refused(vcpu, fencedBy(vcpu)));
            case RUNS -> {
                // A node without a lease is not waited for: it may hear of the opening by the registry later.
                fence(new VcpuOpening(vcpu, epoch));
                run(stream, result, response);
            }
        }
    }

    private void run(GuestStream stream, Result result, ExecuteResponse response) {
        int vcpu = result.asked().getVcpu();
        boolean moved = response.getVcpuEpoch() != 0;
        VcpuWindow window = moved
                ? VcpuWindow.arriving(
                        vcpu,
                        epoch(response),
                        response.getWindow(),
                        shardMap,
                        result.asked().getReceivedThrough())
                : new VcpuWindow(vcpu, epoch(response), result.asked().getWindow(), shardMap);
        OpenVcpu open = new OpenVcpu(window, result.token(), response.getRevision(), stream);
        end(vcpu, vcpus.put(open), "by another stream");
        sendOpened(open, stream);
    }

    /** Of a vCPU that was opened, or that has moved here under the epoch that it has. */
    private static long epoch(ExecuteResponse opened) {
        return opened.getVcpuEpoch() != 0 ? opened.getVcpuEpoch() : opened.getRevision();
    }

    private void resume(GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        int vcpu = asked.getVcpu();
        OpenVcpu open = vcpus.get(vcpu);
        boolean isToken = open != null && open.isToken(asked.getToken().toByteArray());
        switch (vcpus.resume(stream, vcpu, isToken, asked.getWindow(), asked.getReceivedThrough())) {
            case AHEAD -> refuseAhead(stream, asked);
            case MOVES -> proposeMove(stream, asked);
            case FENCED -> stream.send(GuestStream.refused(vcpu, fencedBy(vcpu)));
            case OTHER_WINDOW -> {
                Refusal other = Refusal.invalid(
                        "window",
                        asked.getWindow(),
                        "it was opened with "
                                + Objects.requireNonNull(open).window.window());
                stream.send(GuestStream.refused(vcpu, other));
            }
            case GOES_ON -> {
                OpenVcpu its = Objects.requireNonNull(open);
                outbox.flush();
                end(vcpu, vcpus.run(its, stream), "by another stream");
                sendOpened(its, stream);
            }
        }
    }

    private static void refuseAhead(GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        Refusal ahead = Refusal.invalid(
                "received_through", Long.toUnsignedString(asked.getReceivedThrough()), "no such outcome was sent");
        stream.send(GuestStream.refused(asked.getVcpu(), ahead));
    }

    private void sendOpened(OpenVcpu open, GuestStream stream) {
        stream.send(AccessResponse.newBuilder()
                .setOpened(VcpuOpened.newBuilder()
                        .setVcpu(open.window.vcpu())
                        .setVcpuEpoch(open.window.epoch())
                        .setNextSequence(open.window.nextSequence())
                        .setToken(ByteString.copyFrom(open.token()))
                        .setWindow(open.window.window())
                        .setDomainGeneration(domainGeneration)
                        .setRoute(guestsNode.get().orElse("")))
                .build());
    }

    /** Where guests are better off than here, for those that were told something else when they came. */
    Optional<AccessResponse> route() {
        return guestsNode
                .get()
                .map(address -> AccessResponse.newBuilder()
                        .setRoute(GuestRoute.newBuilder().setAddress(address))
                        .build());
    }

    /** The guest goes on at another node; a stream of it that is here will find it there. */
    void left(VcpuMove move) {
        OpenVcpu before = vcpus.left(move.vcpu(), move.revision());
        end(move.vcpu(), before == null ? null : before.stream(), "at another node");
    }

    /** A guest that still listens to the stream comes again: what it sent by it from now on would have no answer. */
    private void end(int vcpu, @Nullable GuestStream stream, String goesOn) {
        if (stream != null) {
            outbox.forget(stream);
            stream.fail(Refusal.of(Errno.EAGAIN, "vcpu = " + vcpu + ": its guest goes on " + goesOn)
                    .with("domid", domid)
                    .with("vcpu", vcpu));
        }
    }

    void fence(VcpuOpening opening) {
        OpenVcpu before = vcpus.fence(opening.vcpu(), opening.epoch());
        GuestStream stream = before == null ? null : before.stream();
        if (stream != null) {
            outbox.flush();
            Refusal why = fencedBy(opening.vcpu());
            stream.send(AccessResponse.newBuilder()
                    .setFenced(VcpuFenced.newBuilder().setVcpu(opening.vcpu()).setStatus(Statuses.toProto(why)))
                    .build());
            if (!vcpus.runsAny(stream) && stream.opening == 0) {
                outbox.forget(stream);
                stream.fail(why);
            }
        }
    }

    private Refusal fencedBy(int vcpu) {
        return Refusal.of(Errno.ESTALE, "vcpu = " + vcpu + ": opened by somebody else since, or closed")
                .with("domid", domid)
                .with("vcpu", vcpu);
    }
}
