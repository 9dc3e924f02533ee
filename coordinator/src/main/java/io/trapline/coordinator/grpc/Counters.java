package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.GetServerCountersRequest;
import io.trapline.internal.v1.GetServerCountersResponse;
import io.trapline.internal.v1.NodeControlServiceGrpc.NodeControlServiceStub;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerCounters;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a server has done, summed over the nodes that hold a lease and answer in time. */
public final class Counters {
    private static final Logger LOG = LoggerFactory.getLogger(Counters.class);
    private static final long DEADLINE_MILLIS = 1_000;

    private final Calls calls;
    private final Function<String, Optional<NodeControlServiceStub>> nodeControls;

    /** @param nodeControls how to call a node, by its name */
    public Counters(Calls calls, Function<String, Optional<NodeControlServiceStub>> nodeControls) {
        this.calls = calls;
        this.nodeControls = nodeControls;
    }

    /** Asks; the reply is empty when no node could say. */
    void of(IoreqServer server, Consumer<Optional<IoreqServerCounters>> reply) {
        calls.leased(nodes -> {
            List<NodeControlServiceStub> stubs = nodes.stream()
                    .map(node -> nodeControls.apply(node.life().getNode()))
                    .flatMap(Optional::stream)
                    .toList();
            Sum sum = new Sum(stubs.size(), reply);
            GetServerCountersRequest request = GetServerCountersRequest.newBuilder()
                    .setDomid(server.getDomid())
                    .setId(server.getId())
                    .setGeneration(server.getGeneration())
                    .build();
            stubs.forEach(stub -> stub.withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS)
                    .getServerCounters(request, sum.part()));
        });
    }

    /** The answers of several nodes, in any order and on any thread. */
    private static final class Sum {
        private final Consumer<Optional<IoreqServerCounters>> reply;
        private Optional<IoreqServerCounters> total = Optional.empty();
        private int missing;

        private Sum(int nodes, Consumer<Optional<IoreqServerCounters>> reply) {
            this.missing = nodes;
            this.reply = reply;
            if (nodes == 0) {
                reply.accept(Optional.empty());
            }
        }

        StreamObserver<GetServerCountersResponse> part() {
            return new StreamObserver<>() {
                @Override
                public void onNext(GetServerCountersResponse response) {
                    said(Optional.of(response.getCounters()));
                }

                @Override
                public void onError(Throwable error) {
                    LOG.debug("a node did not say its counters", error);
                    said(Optional.empty());
                }

                @Override
                public void onCompleted() {}
            };
        }

        private void said(Optional<IoreqServerCounters> counters) {
            Optional<IoreqServerCounters> result;
            synchronized (this) {
                total = counters.map(part -> total.map(sum -> add(sum, part)).orElse(part))
                        .or(() -> total);
                missing--;
                if (missing > 0) {
                    return;
                }
                result = total;
            }
            reply.accept(result);
        }

        private static IoreqServerCounters add(IoreqServerCounters a, IoreqServerCounters b) {
            return IoreqServerCounters.newBuilder()
                    .setDelivered(a.getDelivered() + b.getDelivered())
                    .setAnswered(a.getAnswered() + b.getAnswered())
                    .setRefusedAnswers(a.getRefusedAnswers() + b.getRefusedAnswers())
                    .setRedelivered(a.getRedelivered() + b.getRedelivered())
                    .setTimedOut(a.getTimedOut() + b.getTimedOut())
                    .setDecidedAgain(a.getDecidedAgain() + b.getDecidedAgain())
                    .setInFlight(a.getInFlight() + b.getInFlight())
                    .setPostedWaiting(a.getPostedWaiting() + b.getPostedWaiting())
                    .build();
        }
    }
}
