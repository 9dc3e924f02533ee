package io.trapline.cli;

import io.grpc.StatusRuntimeException;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.CoordinatorServiceGrpc.CoordinatorServiceBlockingStub;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.server.StartException;
import io.trapline.v1.Coordinator;
import io.trapline.v1.ListCoordinatorsResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Calls to the coordinator that leads, at its own address: no relay passes them on. */
final class LeaderCalls {
    /** Beyond the patience of whoever calls: a coordinator that comes in may take a minute to catch up. */
    private static final Duration LONGEST_CALL = Duration.ofSeconds(75);

    private static final Duration AGAIN_AFTER = Duration.ofMillis(300);

    private final TraplineCommand trapline;

    LeaderCalls(TraplineCommand trapline) {
        this.trapline = trapline;
    }

    /** What is asked of the leader. */
    @FunctionalInterface
    interface Question<T> {
        T ask(CoordinatorServiceBlockingStub leader) throws IOException;
    }

    /** Asks once. Throws {@link TraplineException} for what is refused. */
    <T> T once(Question<T> question) throws BadInput, IOException, StartException {
        try (TraplineConnection direct = trapline.builder(leader()).build()) {
            return question.ask(CoordinatorServiceGrpc.newBlockingStub(direct.channel())
                    .withDeadlineAfter(trapline.patience().plus(LONGEST_CALL).toMillis(), TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException failed) {
            Optional<Refusal> refusal = Statuses.fromThrowable(failed);
            if (refusal.isPresent()) {
                throw TraplineException.refused(refusal.get());
            }
            throw new StartException(
                    "the leader did not answer (" + failed.getStatus().getCode()
                            + "); the same command can be given again",
                    failed);
        }
    }

    /** Asks again while the answer is that nothing was done and the same call goes on, for as long as the caller has patience. */
    <T> T untilItIs(Question<T> question) throws BadInput, IOException, StartException {
        long endNanos = System.nanoTime() + trapline.patience().toNanos();
        String said = "";
        while (true) {
            try {
                return once(question);
            } catch (TraplineException refused) {
                if (!isPutOff(refused) || System.nanoTime() - endNanos >= 0) {
                    throw refused;
                }
                String why = String.valueOf(refused.getMessage());
                if (!why.equals(said)) {
                    trapline.console().note("waiting: " + why);
                    said = why;
                }
            }
            try {
                Thread.sleep(AGAIN_AFTER);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new StartException("interrupted while waiting: " + said, interrupted);
            }
        }
    }

    private static boolean isPutOff(TraplineException refused) {
        return refused.is(Errno.EAGAIN)
                && refused.refusal()
                        .map(why -> "none".equals(why.metadata().get("effect")))
                        .orElse(false);
    }

    private String leader() throws BadInput, StartException {
        try (TraplineConnection connection = trapline.connection()) {
            ListCoordinatorsResponse known = connection.cluster().coordinators();
            String address = known.getCoordinatorsList().stream()
                    .filter(each -> each.getId().equals(known.getLeader()))
                    .map(Coordinator::getAddress)
                    .findFirst()
                    .orElse("");
            if (address.isEmpty()) {
                throw new StartException(
                        "coordinator " + known.getLeader()
                                + " is in the process of a node and has no address of its own: its cluster has one process only");
            }
            return address;
        }
    }
}
