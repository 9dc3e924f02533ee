package io.trapline.sim.world.part;

import io.trapline.client.KeptAnswers;
import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.ioreq.KeptRequests;
import io.trapline.node.protocol.Gate;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.check.Violation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One run of an emulator: the real {@link KeptAnswers}, and around them what the client library does, with a device model that is slow, answers in any order and
 * writes pages while it serves.
 */
public final class Emulator {
    private enum State {
        ATTACHING,
        ATTACHED,
        ENDED
    }

    public final long run;
    public final ServerName server;
    private final Stage world;
    private final Reach reach;
    private final String name;
    private final int credit;
    private final KeptAnswers kept = new KeptAnswers();
    /** To be carried out, in order. */
    private final ArrayDeque<Request> queue = new ArrayDeque<>();
    /** Carried out, to be answered in any order. */
    private final List<Request> serving = new ArrayList<>();

    private List<Request> answers = new ArrayList<>();
    private State state = State.ATTACHING;
    private @Nullable EmulatorLink link;
    private long sessionEpoch;
    private int streams;
    private long granted;
    private int owed;
    private boolean isKilled;

    public Emulator(Stage world, Reach reach, ServerName server, String name) {
        this.world = world;
        this.reach = reach;
        this.server = server;
        this.name = name;
        run = world.chance.random().nextLong() | 1;
        credit = world.chance.oneOf(List.of(1, 3, 64));
    }

    /** Whether it serves no more. */
    public boolean isEnded() {
        return state == State.ENDED;
    }

    /** Whether nothing of it can be seen any more. */
    public boolean isGone() {
        return isKilled || (isEnded() && serving.isEmpty());
    }

    /** Whether it is attached and has nothing to do. */
    public boolean isIdle() {
        return isGone() || (state == State.ATTACHED && queue.isEmpty() && serving.isEmpty() && answers.isEmpty());
    }

    /** It does one thing. */
    public void act() {
        if (isKilled) {
            return;
        }
        if (state != State.ENDED && link == null) {
            connect();
        } else if (!queue.isEmpty()
                && state != State.ENDED
                && world.chance.random().nextBoolean()) {
            carryOut(queue.remove());
        } else if (!serving.isEmpty()) {
            goOn(world.chance.oneOf(serving));
        } else {
            sendAnswers();
        }
    }

    /** It attaches again, if it has lost its stream. */
    public void comeBack() {
        if (!isKilled && state != State.ENDED && link == null) {
            connect();
        }
    }

    /** It carries out what comes next, and answers nothing yet. */
    public void carryOutNext() {
        carryOut(queue.remove());
    }

    /** It answers whatever it has carried out. */
    public void answerAll() {
        for (Request request : List.copyOf(serving)) {
            serving.remove(request);
            answer(request);
        }
        sendAnswers();
    }

    /** While it serves, it writes the pages that it serves writes to (F2). */
    public void writePages() {
        serving.stream()
                .filter(request -> !request.isWaiting && request.mayWritePage())
                .forEach(this::writePage);
    }

    /** It does so once more, since it does not know what became of it. */
    public void writePagesAgain() {
        serving.forEach(Request::mayWriteAgain);
        writePages();
    }

    /** Whether a call of it has no answer. */
    public boolean isWaiting() {
        return serving.stream().anyMatch(request -> request.isWaiting);
    }

    /** How many requests have come that it has not carried out. */
    public int toCarryOut() {
        return queue.size();
    }

    private void connect() {
        KeptRequests all = new KeptRequests();
        answers.clear();
        List<IoreqKey> underWay = new ArrayList<>();
        kept.forEach((vcpu, epoch, sequence, part, data, isUnderWay) -> {
            all.add(vcpu, epoch, sequence, part, data, isUnderWay);
            if (isUnderWay) {
                underWay.add(new IoreqKey(vcpu, epoch, sequence, part));
            }
        });
        EmulatorLink stream = new EmulatorLink(world, this, reach, name + " stream " + ++streams, credit);
        link = stream;
        granted = credit;
        owed = 0;
        stream.sendAttach(credit, all, underWay);
    }

    private void carryOut(Request request) {
        long value = world.nextEmulatorValue();
        request.carriedOut(value);
        world.chance.say(() -> name + " carries out " + request.key);
        world.carriedOut.act(server.id(), run, request.key, request.marks, request.answer());
        serving.add(request);
    }

    private void goOn(Request request) {
        if (request.isWaiting) {
            return;
        }
        if (request.mayWritePage() && world.chance.random().nextBoolean()) {
            writePage(request);
        } else {
            serving.remove(request);
            answer(request);
            if (world.chance.random().nextBoolean()) {
                sendAnswers();
            }
        }
    }

    /** F2: the page itself, for the ioreq; what is refused because the session is an old one comes again under the new one. */
    private void writePage(Request request) {
        EmulatorLink stream = link;
        request.wrotePage();
        if (stream == null) {
            return;
        }
        request.isWaiting = true;
        KeyRows serves = new KeyRows(1);
        serves.add(request.key.vcpu(), request.key.epoch(), request.key.sequence(), request.key.part());
        long session = sessionEpoch;
        Gate gate = new Gate(Commands.PRINCIPAL, server.id(), server.generation(), session, serves);
        stream.call(reach, request.word(), world.nextEmulatorValue(), gate, refusal -> {
            request.isWaiting = false;
            if (refusal.map(Refusal::errno).equals(Optional.of(Errno.ESTALE))) {
                if (session != sessionEpoch || state == State.ATTACHING) {
                    request.mayWriteAgain();
                } else {
                    abandon(request);
                }
            }
        });
    }

    /** It is over, says the node: it is given up, or answered all the same. */
    private void abandon(Request request) {
        if (world.chance.random().nextBoolean()) {
            IoreqKey key = request.key;
            serving.remove(request);
            kept.abandoned(key.vcpu(), key.epoch(), key.sequence(), key.part());
            world.carriedOut.abandons(run, key);
            request.giveUp();
            answers.add(request);
        }
    }

    private void answer(Request request) {
        IoreqKey key = request.key;
        if (state != State.ENDED
                && kept.carriedOut(key.vcpu(), key.epoch(), key.sequence(), key.part(), request.unmasked())) {
            answers.add(request);
        }
    }

    private void sendAnswers() {
        EmulatorLink stream = link;
        if (state != State.ATTACHED || stream == null) {
            return;
        }
        sendCredit(stream);
        if (answers.isEmpty()) {
            return;
        }
        OutcomeRows rows = new OutcomeRows(answers.size());
        for (Request request : answers) {
            IoreqKey key = request.key;
            rows.add(key.vcpu(), key.epoch(), key.sequence(), key.part(), request.unmasked(), request.errno());
        }
        answers = new ArrayList<>();
        stream.sendAnswers(rows);
    }

    // From its stream.

    public void attached(EmulatorLink from, long epoch) {
        if (from == link && state != State.ENDED) {
            state = State.ATTACHED;
            sessionEpoch = epoch;
        }
    }

    public void ioreqs(
            EmulatorLink from, long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows marks) {
        if (from != link || state != State.ATTACHED || isKilled) {
            return;
        }
        settled(from, marks);
        for (int i = 0; i < rows.size(); i++) {
            Request request = new Request(rows, i);
            IoreqKey key = request.key;
            KeptAnswers.Verdict verdict = kept.take(
                    decidedRevision,
                    shard,
                    shardEpoch,
                    rows.claimedType(i),
                    key.vcpu(),
                    key.epoch(),
                    key.sequence(),
                    key.part(),
                    (request.marks & IoreqAttributes.MARK_POSTED) != 0);
            switch (world.seams.verdict(verdict)) {
                case ACT -> {
                    mustBeCurrent(request, decidedRevision, rows.claimedType(i));
                    queue.add(request);
                }
                case REPEAT -> {
                    request.repeats(kept.repeated());
                    answers.add(request);
                }
                case UNDER_WAY -> owed++;
                case REFUSE -> {
                    owed++;
                    refuse(request, decidedRevision, rows.claimedType(i));
                }
            }
        }
        sendCredit(from);
    }

    /** The credit of rows that are never answered does not come back by itself. */
    private void sendCredit(EmulatorLink to) {
        int rows = (int) Math.min(owed, Limit.MAX_CREDIT.value() - granted);
        if (rows > 0 && state == State.ATTACHED) {
            owed = 0;
            granted += rows;
            to.sendCredit(rows);
        }
    }

    /** C4, C7: what was decided before a change that the emulator knows of is not carried out. */
    private void mustBeCurrent(Request request, long decidedRevision, byte claimedType) {
        if (isTooOld(decidedRevision, claimedType)) {
            throw new Violation("C4", "%s carries out %s, decided at %d", name, request.key, decidedRevision);
        }
    }

    private void refuse(Request request, long decidedRevision, byte claimedType) {
        EmulatorLink stream = link;
        if (stream != null && isTooOld(decidedRevision, claimedType)) {
            stream.isTooOld(sessionEpoch, request.key);
        } else if (stream != null) {
            stream.isRefused(sessionEpoch, request.key);
        }
    }

    private final long[] released = new long[16];
    private long stopped;

    private boolean isTooOld(long decidedRevision, byte claimedType) {
        return decidedRevision < stopped || (claimedType >= 0 && decidedRevision < released[claimedType]);
    }

    /** Its owner tells it of a release (C4). */
    public void released(int x, long revision) {
        kept.released(x, revision);
        released[x] = Math.max(released[x], revision);
    }

    /** Its owner tells it that the server was disabled (C7). */
    public void stopped(long revision) {
        kept.stopped(revision);
        stopped = Math.max(stopped, revision);
    }

    public void settled(EmulatorLink from, SettledRows marks) {
        for (int i = 0; i < marks.size() && from == link; i++) {
            kept.settled(marks.vcpu(i), marks.vcpuEpoch(i), marks.through(i));
        }
    }

    public void lost(EmulatorLink from) {
        if (from == link && state != State.ENDED) {
            link = null;
            state = State.ATTACHING;
        }
    }

    public void ended(EmulatorLink from, Errno why) {
        if (from != link || state == State.ENDED) {
            return;
        }
        if (why == Errno.EAGAIN) {
            lost(from);
            return;
        }
        state = State.ENDED;
        queue.clear();
    }

    /** Nothing that was delivered to it is missing. */
    public void check() {
        if (link != null) {
            link.check();
        }
    }

    /** The stream is cut. */
    public void cut() {
        if (link != null) {
            link.cut();
        }
    }

    /** The process dies. */
    public void kill() {
        cut();
        isKilled = true;
        state = State.ENDED;
    }

    @Override
    public String toString() {
        return name + " (run " + Long.toHexString(run) + ", credit " + credit + "): " + state + ", to carry out "
                + queue.size() + ", serving " + serving.size() + ", kept " + kept.size();
    }
}
