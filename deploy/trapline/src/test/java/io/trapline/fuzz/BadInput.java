package io.trapline.fuzz;

import com.google.protobuf.Message;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.trapline.fuzz.AccessFuzz.Scope;
import io.trapline.fuzz.FlawedRequests.Flawed;
import io.trapline.v1.CloseSessionRequest;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.SessionServiceGrpc;
import io.trapline.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Everything that is sent to the server, by kind, and the domains that it is sent to. */
final class BadInput implements AutoCloseable {
    /** The domain of {@link World}: only what must change nothing is sent to it. */
    static final int UNTOUCHED = 11;

    private static final int WRITTEN = 12;
    private static final int WILD = 13;
    private static final int EMULATED = 14;
    private static final int PAGES = 4096;

    private final String address;
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final ManagedChannel channel;
    private final ManagedChannel broken;
    private final EmulatorDomain emulated;
    private final FlawedRequests flawed;
    private final RandomMessages random;
    private final List<Integer> kept;
    private long sent;

    /** @param others domains that are not ours to remove */
    BadInput(String address, List<Integer> others, Dice dice) {
        this.address = address;
        channel = connect();
        broken = connect(builder -> builder.compressorRegistry(RawBytes.brokenGzip()));
        kept = new ArrayList<>(others);
        kept.addAll(List.of(UNTOUCHED, WRITTEN, WILD, EMULATED));
        Channel owner = UnaryLoad.as(World.OWNER, channel);
        World world = World.create(UNTOUCHED, owner, UnaryLoad.as("other", channel), dice);
        createDomain(WRITTEN);
        createDomain(WILD);
        emulated = EmulatorDomain.create(owner, EMULATED);
        SessionServiceBlockingStub sessions = SessionServiceGrpc.newBlockingStub(channel);
        long open =
                sessions.openSession(OpenSessionRequest.getDefaultInstance()).getSession();
        long ended =
                sessions.openSession(OpenSessionRequest.getDefaultInstance()).getSession();
        sessions.closeSession(CloseSessionRequest.newBuilder().setSession(ended).build());
        flawed = new FlawedRequests(world, open, ended);
        random = new RandomMessages(open);
    }

    /** A connection of its own. */
    ManagedChannel connect() {
        return connect(UnaryOperator.identity());
    }

    private ManagedChannel connect(UnaryOperator<NettyChannelBuilder> more) {
        ManagedChannel made = more.apply(
                        NettyChannelBuilder.forTarget(address).usePlaintext().directExecutor())
                .build();
        channels.add(made);
        return made;
    }

    /** The connection that everything bad goes through. */
    ManagedChannel channel() {
        return channel;
    }

    EmulatorDomain emulated() {
        return emulated;
    }

    /** Requests and rows so far. */
    long sent() {
        return sent;
    }

    /** What a client can see of the domain that nothing may change, and of which domains there are. */
    String untouched() {
        return StateDump.of(channel, UNTOUCHED, kept);
    }

    void everything(int percent, Dice dice, Complaints complaints) throws IOException, InterruptedException {
        flawedRequests(percent, dice.fork("flawed"), complaints);
        guests(percent, dice.fork("guests"), complaints);
        emulators(percent, dice.fork("emulators"), complaints);
        rawBytes(percent, dice.fork("bytes"), complaints);
        randomRequests(percent, dice.fork("random"), complaints);
    }

    /** Unary requests that are certainly wrong. */
    void flawedRequests(int percent, Dice dice, Complaints complaints) throws InterruptedException {
        UnaryLoad load = new UnaryLoad(channel);
        List<MethodDescriptor<Message, Message>> methods = Contract.unary();
        for (int i = 0; i < 120 * percent; i++) {
            MethodDescriptor<Message, Message> method = dice.pick(methods);
            Flawed request = flawed.next(method, dice);
            load.send(
                    method,
                    request.request(),
                    request.principal(),
                    failure -> check(method, request, failure, complaints));
        }
        load.await();
        sent += load.sent();
    }

    private static void check(
            MethodDescriptor<?, ?> method, Flawed request, Optional<Throwable> failure, Complaints complaints) {
        Optional<OutcomeForm.Seen> seen = failure.map(OutcomeForm::of);
        boolean right = seen.filter(refusal -> refusal.wrong().isEmpty())
                .flatMap(OutcomeForm.Seen::errno)
                .filter(request.expected()::contains)
                .isPresent();
        complaints.check(
                right,
                () -> Contract.name(method) + " " + request.label() + " by " + request.principal() + ": expected "
                        + request.expected() + ", got "
                        + seen.map(OutcomeForm.Seen::toString).orElse("OK") + " for "
                        + Complaints.shown(request.request()));
    }

    /** Rows and requests of guests. */
    void guests(int percent, Dice dice, Complaints complaints) {
        sent += AccessFuzz.run(channel, UNTOUCHED, Scope.READING, 4 * percent, complaints, dice.fork("reading"));
        sent += AccessFuzz.run(channel, WRITTEN, Scope.WRITING, 4 * percent, complaints, dice.fork("writing"));
        sent += AccessFuzz.run(channel, WILD, Scope.ANYTHING, 3 * percent, complaints, dice.fork("anything"));
    }

    /** Rows and requests of emulators. */
    void emulators(int percent, Dice dice, Complaints complaints) {
        sent += AttachFuzz.run(channel, emulated, 15 * percent, complaints, dice);
    }

    /** Bytes that are no message. */
    void rawBytes(int percent, Dice dice, Complaints complaints) throws IOException {
        sent += new RawBytes(channel, broken, complaints, dice).run(Math.max(1, percent / 4));
        RawBytes.noCalls(address, percent, dice);
    }

    /** Unary requests, streams and connections of which nothing is known but how their outcome must look. */
    void randomRequests(int percent, Dice dice, Complaints complaints) throws InterruptedException {
        UnaryLoad load = new UnaryLoad(channel);
        List<MethodDescriptor<Message, Message>> methods = Contract.unary();
        for (int i = 0; i < 100 * percent; i++) {
            if (i % 1000 == 0) {
                load.await();
                sacrifice();
            }
            MethodDescriptor<Message, Message> method = dice.pick(methods);
            Message request = random.fill(Contract.request(method), dice);
            load.send(
                    method,
                    request,
                    World.OWNER,
                    failure -> failure.map(OutcomeForm::of)
                            .filter(seen -> seen.wrong().isPresent())
                            .ifPresent(seen -> complaints.add(
                                    Contract.name(method) + ": " + seen + " for " + Complaints.shown(request))));
        }
        load.await();
        sent += load.sent();
        sacrifice();
        sent += new RandomStreams(channel, random, complaints, dice.fork("streams")).run(3 * percent);
        sent += HangUps.run(this::connect, 1 + percent / 5, random, dice.fork("hang-ups"));
        removeAllButKept();
    }

    /** New domains that anything may happen to, each with a server. */
    void sacrifice() {
        removeAllButKept();
        for (int domid : RandomMessages.SACRIFICED) {
            createDomain(domid);
            IoreqServerServiceGrpc.newBlockingStub(UnaryLoad.as(World.OWNER, channel))
                    .createIoreqServer(CreateIoreqServerRequest.newBuilder()
                            .setDomid(domid)
                            .build());
        }
    }

    void removeAllButKept() {
        // A destroy whose connection was hung up may still be on its way: then the domain is gone as well.
        var domains = DomainServiceGrpc.newBlockingStub(channel);
        for (Domain domain :
                domains.listDomains(ListDomainsRequest.getDefaultInstance()).getDomainsList()) {
            if (!kept.contains(domain.getDomid())) {
                destroyed(domains, domain.getDomid());
            }
        }
    }

    private static void destroyed(DomainServiceGrpc.DomainServiceBlockingStub domains, int domid) {
        try {
            domains.destroyDomain(
                    DestroyDomainRequest.newBuilder().setDomid(domid).build());
        } catch (StatusRuntimeException failure) {
            if (failure.getStatus().getCode() != Status.Code.NOT_FOUND) {
                throw failure;
            }
        }
    }

    private void createDomain(int domid) {
        DomainServiceGrpc.newBlockingStub(channel)
                .createDomain(CreateDomainRequest.newBuilder()
                        .setDomid(domid)
                        .setNrPages(PAGES)
                        .setNrVcpus(World.VCPUS)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .build());
    }

    @Override
    public void close() {
        emulated.close();
        channels.forEach(ManagedChannel::shutdownNow);
    }
}
