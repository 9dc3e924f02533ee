package io.trapline.fuzz;

import io.grpc.Channel;
import io.trapline.fuzz.EmulatorDomain.Forwarded;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.v1.AddCredit;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachMode;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.KeptRows;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Set;

/**
 * An emulator that says much that is wrong between its right answers (S5, F1, F6, E): what is malformed is rejected, what answers nothing is counted, streams that
 * begin wrongly end by themselves, and the guest is answered what the emulator answered.
 */
final class AttachFuzz {
    private static final long MAX_CREDIT = Limit.MAX_CREDIT.value();

    private final Channel channel;
    private final Channel intruder;
    private final EmulatorDomain domain;
    private final Complaints complaints;
    private final Dice dice;
    private final ArrayDeque<Long> rejected = new ArrayDeque<>();
    private Wire<AttachRequest, AttachResponse> session;
    private long batchId = 1;
    private long run = 1;
    private long rows;

    private AttachFuzz(Channel channel, EmulatorDomain domain, Complaints complaints, Dice dice) {
        this.channel = UnaryLoad.as(World.OWNER, channel);
        intruder = UnaryLoad.as("intruder", channel);
        this.domain = domain;
        this.complaints = complaints;
        this.dice = dice;
        session = attach(KeptRows.getDefaultInstance());
    }

    /** Sends so many wrong messages, about; returns how many rows and requests they held. */
    static long run(Channel channel, EmulatorDomain domain, int messages, Complaints complaints, Dice dice) {
        AttachFuzz fuzz = new AttachFuzz(channel, domain, complaints, dice);
        for (int i = 0; i < messages; i++) {
            switch (dice.below(20)) {
                case 0, 1 -> fuzz.wrongStart();
                case 2 -> fuzz.takeOver();
                case 3, 4, 5 -> fuzz.access();
                default -> fuzz.wrong();
            }
        }
        fuzz.access();
        fuzz.settle();
        fuzz.session.halfClose();
        fuzz.session.end().ifPresent(failure -> complaints.add("the emulator's stream ended with " + failure));
        return fuzz.rows;
    }

    private AttachServer.Builder good() {
        return AttachServer.newBuilder()
                .setDomid(domain.domid())
                .setGeneration(domain.server())
                .setRun(run)
                .setCredit(dice.pick(1, 16, 1 << 20));
    }

    private Wire<AttachRequest, AttachResponse> attach(KeptRows kept) {
        Wire<AttachRequest, AttachResponse> wire = Wire.open(channel, EmulatorServiceGrpc.getAttachMethod());
        wire.send(AttachRequest.newBuilder().setAttach(good().setKept(kept)).build());
        AttachResponse response = wire.message();
        complaints.check(response.hasAttached(), () -> "expected attached, got " + Complaints.shown(response));
        return wire;
    }

    /** A new session with kept rows of nothing, of now and then another run; the old one ends with ABORTED. */
    private void takeOver() {
        settle();
        if (dice.chance(50)) {
            run++;
        }
        Wire<AttachRequest, AttachResponse> old = session;
        session = attach(AttachRows.kept(dice, domain.vcpuEpoch(), domain.nextSequence()));
        Optional<OutcomeForm.Seen> seen = old.end().map(OutcomeForm::of);
        boolean fenced = seen.filter(end -> end.errno().equals(Optional.of(Errno.ESTALE))
                        && end.wrong().isEmpty())
                .isPresent();
        complaints.check(fenced, () -> "a fenced session ended with " + seen);
    }

    /** A stream that begins with something else than a right attach ends, and nobody notices. */
    private void wrongStart() {
        AttachServer.Builder attach = good();
        Channel caller = channel;
        Set<Errno> errnos = Set.of(Errno.EINVAL);
        AttachRequest.Builder first = AttachRequest.newBuilder();
        switch (dice.below(14)) {
            case 0 -> first.setAnswers(AttachRows.nonsense(dice));
            case 1 -> first.setCredit(AddCredit.newBuilder().setRows(1));
            case 2 -> first.setKept(KeptRows.getDefaultInstance());
            case 3 -> first.clear();
            case 4 -> first.setAttach(attach.clearRun());
            case 5 -> first.setAttach(attach.clearGeneration());
            case 6 -> first.setAttach(attach.setCredit((int) (dice.chance(30) ? 0 : dice.above32(MAX_CREDIT))));
            case 7 -> first.setAttach(attach.setModeValue(dice.pick(3, 99, -1)));
            case 8 ->
                first.setAttach(attach.setMode(AttachMode.ATTACH_MODE_STANDBY).setResume(true));
            case 9 -> {
                first.setAttach(attach.setGeneration(CommonFlaws.otherThan(domain.server(), dice)));
                errnos = Set.of(Errno.ENOENT);
            }
            case 10 -> {
                first.setAttach(attach.setDomainGeneration(CommonFlaws.otherThan(domain.generation(), dice)));
                errnos = Set.of(Errno.ESRCH);
            }
            case 11 -> {
                first.setAttach(attach.setDomid(dice.pick(0, 31_999, -1)));
                errnos = Set.of(Errno.ESRCH, Errno.EINVAL);
            }
            case 12 -> {
                caller = intruder;
                first.setAttach(attach);
                errnos = Set.of(Errno.EPERM);
            }
            default -> first.setAttach(attach.setKept(AttachRows.malformed(dice)));
        }
        rows++;
        Wire<AttachRequest, AttachResponse> wire = Wire.open(caller, EmulatorServiceGrpc.getAttachMethod());
        wire.send(first.build());
        refusedWith(errnos, wire.end(), first);
    }

    private void refusedWith(Set<Errno> errnos, Optional<Throwable> end, AttachRequest.Builder first) {
        Optional<OutcomeForm.Seen> seen = end.map(OutcomeForm::of);
        boolean right = seen.isPresent()
                && seen.get().wrong().isEmpty()
                && seen.get().errno().filter(errnos::contains).isPresent();
        complaints.check(right, () -> "expected " + errnos + ", got " + seen + " for " + Complaints.shown(first));
    }

    /** Something malformed, or that answers nothing, on the stream of the session. */
    private void wrong() {
        AttachRequest.Builder request = AttachRequest.newBuilder();
        long id = 0;
        switch (dice.below(8)) {
            case 0, 1, 2 -> {
                AnswerRows answers = AttachRows.nonsense(dice);
                domain.refused(answers.getSequenceCount());
                rows += answers.getSequenceCount();
                session.send(request.setAnswers(answers.toBuilder().setBatchId(batchId++))
                        .build());
                return;
            }
            case 3, 4 -> {
                id = batchId++;
                request.setAnswers(AttachRows.malformedAnswers(dice).setBatchId(id));
                rows += request.getAnswers().getSequenceCount();
            }
            case 5 -> request.setCredit(AddCredit.newBuilder().setRows((int) dice.above32(MAX_CREDIT)));
            case 6 -> request.setAttach(good());
            default -> {
                if (dice.chance(50)) {
                    request.setKept(AttachRows.malformed(dice));
                }
            }
        }
        rows++;
        session.send(request.build());
        rejected.add(id);
        if (rejected.size() > 20) {
            settle();
        }
    }

    /** Waits for every rejection. */
    private void settle() {
        while (!rejected.isEmpty()) {
            take(session.message());
        }
    }

    private void take(AttachResponse response) {
        switch (response.getResponseCase()) {
            case REJECTED -> {
                boolean expected =
                        rejected.removeFirstOccurrence(response.getRejected().getBatchId());
                OutcomeForm.Seen seen = OutcomeForm.of(response.getRejected().getStatus());
                boolean right =
                        expected && seen.wrong().isEmpty() && seen.errno().equals(Optional.of(Errno.EINVAL));
                complaints.check(right, () -> "rejected " + seen.wrong() + ": " + Complaints.shown(response));
            }
            case SETTLED -> {}
            case ATTACHED, STANDING_BY, IOREQS, RESPONSE_NOT_SET ->
                complaints.add("unexpected " + Complaints.shown(response));
        }
    }

    /** A right access; before its right answer come wrong ones that nearly fit. */
    private void access() {
        domain.begin(dice);
        AttachResponse response = session.message();
        while (!response.hasIoreqs()) {
            take(response);
            response = session.message();
        }
        Forwarded forwarded = domain.check(response.getIoreqs(), complaints);
        for (int i = dice.below(4); i > 0; i--) {
            session.send(AttachRequest.newBuilder()
                    .setAnswers(AttachRows.nearly(forwarded, dice))
                    .build());
            domain.refused(1);
            rows++;
        }
        session.send(AttachRequest.newBuilder()
                .setAnswers(AnswerRows.newBuilder()
                        .addVcpuEpoch(forwarded.vcpuEpoch())
                        .addSequence(forwarded.sequence())
                        .addData(forwarded.answer()))
                .build());
        domain.end(complaints);
    }
}
