package io.trapline.sim.world.hosts;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.protocol.RequestName;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.v1.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A memory or type call under a request id, which may be asked for at any node and as often as a test wants. */
final class HostCall {
    private final HostScenario scenario;
    private final MemoryRequest request;
    private final RequestId id;
    /** Of all its attempts, in the order in which they came. */
    final List<Optional<Refusal>> answers = new ArrayList<>();

    HostCall(HostScenario scenario, MemoryRequest request, RequestId id) {
        this.scenario = scenario;
        this.request = request;
        this.id = id;
        if (request instanceof MemoryRequest.Types types) {
            // Nobody says when it is certainly over.
            scenario.hosts
                    .stage
                    .promises
                    .types()
                    .changing(types.runs().stream().map(TypeRun::firstGfn).toList());
        }
    }

    /** One attempt, whose answer may never come. */
    void ask(SimHost at) {
        scenario.hosts.net.open(
                scenario.world.owner,
                at,
                stream -> scenario.hosts
                        .node(at.name())
                        .ifPresent(node -> request.ask(
                                node.memory().service(),
                                Optional.of(id),
                                refusal -> stream.endAtServer(() -> "answer " + refusal, () -> answered(refusal)))));
    }

    private void answered(Optional<Refusal> refusal) {
        RequestName name = new RequestName(id.getSession(), id.getNumber(), 0, 0);
        scenario.hosts.requestChecks.answered(name, request.shards(), refusal);
        answers.add(refusal);
    }

    /** Whether an attempt was answered by more than EAGAIN. */
    boolean isAnswered() {
        return answers.stream().anyMatch(HostCall::isAnswer);
    }

    private static boolean isAnswer(Optional<Refusal> answer) {
        return answer.filter(why -> why.errno() == Errno.EAGAIN).isEmpty();
    }

    /** What that node says, which is asked until it says more than EAGAIN. */
    Optional<Refusal> answerOf(SimHost at) {
        int before = answers.size();
        int[] asked = {0};
        scenario.until("an answer of " + at.name(), () -> {
            if (asked[0]++ % 2_000 == 0) {
                ask(at);
            }
            return answers.stream().skip(before).anyMatch(HostCall::isAnswer);
        });
        return answers.stream()
                .skip(before)
                .filter(HostCall::isAnswer)
                .findFirst()
                .orElseThrow();
    }
}
