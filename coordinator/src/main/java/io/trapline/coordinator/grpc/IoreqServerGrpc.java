package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.grpc.PageTokens.MalformedException;
import io.trapline.coordinator.grpc.PageTokens.Page;
import io.trapline.coordinator.registry.Reading;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.Claim;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.DestroyIoreqServerResponse;
import io.trapline.v1.GetIoreqServerInfoRequest;
import io.trapline.v1.GetIoreqServerInfoResponse;
import io.trapline.v1.InjectEventRequest;
import io.trapline.v1.InjectEventResponse;
import io.trapline.v1.InjectMsiRequest;
import io.trapline.v1.InjectMsiResponse;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.ListClaimHistoryRequest;
import io.trapline.v1.ListClaimHistoryResponse;
import io.trapline.v1.ListClaimsRequest;
import io.trapline.v1.ListClaimsResponse;
import io.trapline.v1.ListIoreqServersRequest;
import io.trapline.v1.ListIoreqServersResponse;
import io.trapline.v1.MapIoRangeRequest;
import io.trapline.v1.MapIoRangeResponse;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MapMemTypeResponse;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetIoreqServerStateResponse;
import io.trapline.v1.SetIrqLevelRequest;
import io.trapline.v1.SetIrqLevelResponse;
import io.trapline.v1.UnmapIoRangeRequest;
import io.trapline.v1.UnmapIoRangeResponse;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import java.util.List;
import java.util.function.Function;

/** IOREQ servers and claims (S, R, C), as the contract serves them. */
public final class IoreqServerGrpc extends IoreqServerServiceGrpc.IoreqServerServiceImplBase {
    private final Calls calls;
    private final Counters counters;
    private final Interrupts interrupts;
    private final Watches watches;

    public IoreqServerGrpc(Calls calls, Counters counters, Watches watches) {
        this.calls = calls;
        this.counters = counters;
        this.interrupts = new Interrupts(calls);
        this.watches = watches;
    }

    @Override
    public void createIoreqServer(CreateIoreqServerRequest q, StreamObserver<CreateIoreqServerResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        calls.execute(command().setCreateIoreqServer(q), false, observer, Answer::getCreateIoreqServer);
    }

    @Override
    public void destroyIoreqServer(DestroyIoreqServerRequest q, StreamObserver<DestroyIoreqServerResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        boolean wait = !q.hasWait() || q.getWait();
        calls.execute(command().setDestroyIoreqServer(q), wait, observer, Answer::getDestroyIoreqServer);
    }

    @Override
    public void setIoreqServerState(
            SetIoreqServerStateRequest q, StreamObserver<SetIoreqServerStateResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        boolean wait = !q.hasWait() || q.getWait();
        calls.execute(command().setSetIoreqServerState(q), wait, observer, Answer::getSetIoreqServerState);
    }

    @Override
    public void mapIoRange(MapIoRangeRequest q, StreamObserver<MapIoRangeResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        calls.execute(command().setMapIoRange(q), false, observer, Answer::getMapIoRange);
    }

    @Override
    public void unmapIoRange(UnmapIoRangeRequest q, StreamObserver<UnmapIoRangeResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        calls.execute(command().setUnmapIoRange(q), false, observer, Answer::getUnmapIoRange);
    }

    @Override
    public void mapMemType(MapMemTypeRequest q, StreamObserver<MapMemTypeResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        boolean wait = !q.hasWait() || q.getWait();
        calls.execute(command().setMapMemType(q), wait, observer, Answer::getMapMemType);
    }

    @Override
    public void getIoreqServerInfo(GetIoreqServerInfoRequest q, StreamObserver<GetIoreqServerInfoResponse> observer) {
        calls.begin(observer)
                .ifPresent(call -> calls.read(
                        call,
                        view -> view.server(q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration()),
                        server -> counters.of(server, sum -> {
                            GetIoreqServerInfoResponse.Builder response =
                                    GetIoreqServerInfoResponse.newBuilder().setServer(server);
                            sum.ifPresent(response::setCounters);
                            call.answer(response.build());
                        })));
    }

    @Override
    public void listIoreqServers(ListIoreqServersRequest q, StreamObserver<ListIoreqServersResponse> observer) {
        calls.<ListIoreqServersResponse>begin(observer)
                .ifPresent(call -> calls.<ListIoreqServersResponse, List<IoreqServer>>read(
                        call,
                        view -> view.servers(q.getDomid(), q.getDomainGeneration()),
                        servers -> call.answer(ListIoreqServersResponse.newBuilder()
                                .addAllServers(servers)
                                .build())));
    }

    @Override
    public void listClaims(ListClaimsRequest q, StreamObserver<ListClaimsResponse> observer) {
        claims(
                observer,
                q.getPageToken(),
                q.getPageSize(),
                (view, after, most) -> view.claims(
                        q.getDomid(),
                        q.getDomainGeneration(),
                        PageTokens.toInt(after[0]),
                        PageTokens.toInt(after[1]),
                        most),
                claim -> PageTokens.token(claim.getDomid(), claim.getTypeValue()),
                page -> ListClaimsResponse.newBuilder()
                        .addAllClaims(page.entries())
                        .setNextPageToken(page.nextToken())
                        .build());
    }

    @Override
    public void listClaimHistory(ListClaimHistoryRequest q, StreamObserver<ListClaimHistoryResponse> observer) {
        claims(
                observer,
                q.getPageToken(),
                q.getPageSize(),
                (view, after, most) ->
                        view.history(q.getDomid(), q.getDomainGeneration(), after[0], PageTokens.toInt(after[1]), most),
                claim -> PageTokens.token(claim.getEndedRevision(), claim.getTypeValue()),
                page -> ListClaimHistoryResponse.newBuilder()
                        .addAllClaims(page.entries())
                        .setNextPageToken(page.nextToken())
                        .build());
    }

    /** Reads at most so many claims after a key of two numbers. */
    private interface ClaimReader {
        Reading<List<Claim>> read(RegistryView view, long[] after, int most);
    }

    private <R> void claims(
            StreamObserver<R> observer,
            String pageToken,
            int pageSize,
            ClaimReader reader,
            Function<Claim, String> token,
            Function<Page<Claim>, R> response) {
        int size = PageTokens.size(pageSize);
        try {
            long[] after = PageTokens.numbers(pageToken, 2);
            calls.begin(observer)
                    .ifPresent(call -> calls.<R, List<Claim>>read(
                            call,
                            view -> reader.read(view, after, size + 1),
                            claims -> call.answer(response.apply(Page.of(claims, size, token)))));
        } catch (MalformedException malformed) {
            observer.onError(Statuses.toException(malformed.refusal()));
        }
    }

    @Override
    public void watchClaims(WatchClaimsRequest q, StreamObserver<WatchClaimsResponse> observer) {
        watches.watch(q, observer);
    }

    @Override
    public void setIrqLevel(SetIrqLevelRequest q, StreamObserver<SetIrqLevelResponse> observer) {
        interrupts.setIrqLevel(q, observer);
    }

    @Override
    public void injectMsi(InjectMsiRequest q, StreamObserver<InjectMsiResponse> observer) {
        interrupts.injectMsi(q, observer);
    }

    @Override
    public void injectEvent(InjectEventRequest q, StreamObserver<InjectEventResponse> observer) {
        interrupts.injectEvent(q, observer);
    }

    private static Command.Builder command() {
        return Command.newBuilder().setPrincipal(Principals.current());
    }
}
