package io.trapline.sim.world;

import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.MemType;
import io.trapline.node.registry.RegistryView;
import io.trapline.sim.check.Promises;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/** The real registry, the session of one node with it, and the calls that wait for that node (rule 0, F5). */
final class Coordinator {
    private final World world;
    private final Registry registry = Registry.empty();
    private final RegistryView mirror = new RegistryView(Commands.NODE);
    private final List<Call> calls = new ArrayList<>();
    private long index;
    private long acknowledged;

    private record Call(Answer answer, boolean waitsForDrain, Consumer<Answer> returned) {}

    Coordinator(World world) {
        this.world = world;
    }

    /** A command arrives; {@code returned} is given its answer at the moment from which on the call may return. */
    Answer execute(Command command, boolean waitsForDrain, Consumer<Answer> returned) {
        Answer answer = apply(command);
        if (Answers.refusal(answer).isPresent() || answer.getRevision() == 0) {
            returned.accept(answer);
        } else {
            calls.add(new Call(answer, waitsForDrain, returned));
            returnCalls();
        }
        return answer;
    }

    private Answer apply(Command command) {
        Result result = registry.apply(++index, command);
        if (result.change().isPresent()) {
            RegistryChange change = result.change().get();
            Promises promises = world.promises;
            mirror.apply(change).changed().forEach(changed -> {
                promises.registry(changed.view());
                changed.opened().forEach(opening -> world.history.reopened(opening.vcpu(), opening.epoch()));
            });
            world.schedule
                    .between("coordinator", "registry of the node")
                    .tell(
                            () -> "revision " + change.getRevision() + ", "
                                    + command.getCommandCase().name(),
                            () -> world.node.changed(change));
        }
        return result.answer();
    }

    /** The node has applied everything up to there. */
    void acknowledged(long revision) {
        acknowledged = Math.max(acknowledged, revision);
        returnCalls();
    }

    private void returnCalls() {
        List<Call> returning = new ArrayList<>();
        for (Iterator<Call> waiting = calls.iterator(); waiting.hasNext(); ) {
            Call call = waiting.next();
            boolean drained = !call.waitsForDrain || !registry.view().drains(call.answer.getDrain());
            if (call.answer.getRevision() <= acknowledged && drained) {
                waiting.remove();
                returning.add(call);
            }
        }
        returning.forEach(call -> call.returned.accept(call.answer));
    }

    /** The node is done with a drain. */
    void drained(long revision) {
        for (DrainRecord drain : registry.view().drains()) {
            if (drain.getRevision() == revision) {
                boolean release = drain.getKind() == DrainKind.DRAIN_KIND_RELEASE;
                int x = release ? drain.getTypeValue() - MemType.IOREQ_SERVER_CODE : -1;
                world.node.mustBeDrained(drain.getId(), drain.getGeneration(), revision, x);
                apply(Commands.finishDrain(revision));
                returnCalls();
            }
        }
    }

    int openDrains() {
        return registry.view().drains().size();
    }

    int openCalls() {
        return calls.size();
    }
}
