package io.trapline.sim.world;

import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.MemType;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.RegistryView;
import io.trapline.sim.check.RegistryChecks;
import io.trapline.sim.world.part.Commands;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The real registry, the session of one node with it, and the calls that wait for that node (rule 0, F5). */
final class Coordinator {
    private final World world;
    private final RegistryChecks checks = new RegistryChecks();
    private final Replicas replicas;
    private final RegistryView mirror = new RegistryView();
    private final List<Call> calls = new ArrayList<>();
    private final Channel toNode;
    private boolean nodeHasSession = true;
    private long acknowledged;

    private record Call(Answer answer, boolean waitsForDrain, Consumer<Answer> returned) {}

    Coordinator(World world) {
        this.world = world;
        replicas = new Replicas(world.schedule, world.stage.seams, checks);
        toNode = world.schedule.channel("coordinator→node");
    }

    /** A command arrives; {@code returned} is given its answer at the moment from which on the call may return. */
    Answer execute(Command command, boolean waitsForDrain, Consumer<Answer> returned) {
        checks.asked(command);
        Answer answer = Answer.getDefaultInstance();
        for (Command carriedOut : world.stage.seams.carriedOut(command, replicas.view())) {
            Answer of = apply(carriedOut);
            answer = carriedOut.equals(command) ? of : answer;
        }
        if (Answers.refusal(answer).isPresent() || answer.getRevision() == 0) {
            returned.accept(answer);
        } else {
            calls.add(new Call(answer, waitsForDrain, returned));
            returnCalls();
        }
        return answer;
    }

    /** A request arrives that was answered before. */
    void again(Command command, Answer first) {
        checks.answeredAgain(command, first, apply(world.stage.seams.retried(command)));
    }

    private Answer apply(Command command) {
        if (command.hasFinishDrain()) {
            mustBeDrained(command.getFinishDrain().getRevision());
        }
        Result result = replicas.apply(command);
        result.change().ifPresent(change -> changed(command, change));
        return result.answer();
    }

    private void changed(Command command, RegistryChange change) {
        checks.changed(change);
        mirror.apply(change).changed().forEach(changed -> {
            world.stage.promises.registry(changed.view());
            changed.opened().forEach(opening -> world.stage.history.reopened(opening.vcpu(), opening.epoch()));
        });
        if (nodeHasSession && world.stage.seams.isTold(change)) {
            toNode.tell(
                    () -> "revision " + change.getRevision() + ", "
                            + command.getCommandCase().name(),
                    () -> world.node.changed(change));
        }
    }

    /** The node's session is lost, with what is on its way in it, and another begins with the whole registry. */
    void loseSession() {
        if (!nodeHasSession) {
            return;
        }
        world.schedule.say(() -> "the node's session is lost");
        nodeHasSession = false;
        toNode.clear();
        world.node.sessionLost();
        world.place.sessionLost();
        world.schedule.channel("node connects").tell("the node connects", this::beginSession);
        world.schedule.channel("node connects").holdUp(world.schedule.step() + world.schedule.upTo(400));
    }

    private void beginSession() {
        nodeHasSession = true;
        RegistryChange everything = world.stage.seams.everything(replicas.view().everything());
        toNode.tell(() -> "the registry as of revision " + everything.getRevision(), () -> {
            world.place.sessionBegins();
            world.node.changed(everything);
        });
    }

    /** The node has applied everything up to there. */
    void acknowledged(long revision) {
        acknowledged = Math.max(acknowledged, revision);
        world.node.mustHaveApplied(revision);
        if (revision == replicas.view().revision()) {
            Optional<DomainView> known = world.stage.promises.registry();
            Set<Long> drains = replicas.view().drains().stream()
                    .map(DrainRecord::getRevision)
                    .collect(Collectors.toSet());
            world.node
                    .known()
                    .ifPresent(atNode -> checks.sameView(atNode, world.node.openDrains(), known.orElseThrow(), drains));
        }
        returnCalls();
    }

    private void returnCalls() {
        List<Call> returning = new ArrayList<>();
        for (Iterator<Call> waiting = calls.iterator(); waiting.hasNext(); ) {
            Call call = waiting.next();
            long drain = call.waitsForDrain ? world.stage.seams.awaited(call.answer.getDrain()) : 0;
            if (call.answer.getRevision() <= acknowledged && !replicas.view().drains(drain)) {
                waiting.remove();
                returning.add(call);
            }
        }
        for (Call call : returning) {
            if (call.waitsForDrain) {
                mustBeDrained(call.answer.getDrain());
            }
            call.returned.accept(call.answer);
        }
    }

    /** The node is done with a drain. */
    void drained(long revision) {
        if (replicas.view().drains(revision)) {
            apply(Commands.finishDrain(revision));
            returnCalls();
        }
    }

    /** A drain is finished: nothing that it waited for may be left (F5). */
    private void mustBeDrained(long revision) {
        for (DrainRecord drain : replicas.view().drains()) {
            if (drain.getRevision() == revision) {
                boolean release = drain.getKind() == DrainKind.DRAIN_KIND_RELEASE;
                int x = release ? drain.getTypeValue() - MemType.IOREQ_SERVER_CODE : -1;
                world.node.mustBeDrained(drain.getId(), drain.getGeneration(), revision, x);
            }
        }
    }

    int openDrains() {
        return replicas.view().drains().size();
    }

    int openCalls() {
        return calls.size();
    }

    void end() {
        replicas.compare();
    }
}
