package io.trapline.node.ioreq;

import com.google.protobuf.ByteString;
import io.trapline.model.Domid;
import io.trapline.model.Errno;
import io.trapline.model.Ioservid;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachMode;
import io.trapline.v1.AttachServer;
import io.trapline.v1.KeptRows;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Whether messages of an emulator are well-formed by themselves, and what they say as columns. A refusal names the field and its value. */
final class EmulatorShape {
    private EmulatorShape() {}

    /** The first message of a stream, without its kept rows. */
    static Optional<Refusal> check(AttachServer attach) {
        if (!Domid.isValid(attach.getDomid())) {
            return invalid("domid", unsigned(attach.getDomid()), Domid.MIN + " … " + Domid.MAX);
        }
        if (!Ioservid.isValid(attach.getId())) {
            return invalid("id", unsigned(attach.getId()), Ioservid.MIN + " … " + Ioservid.MAX);
        }
        if (attach.getGeneration() == 0) {
            return invalid("generation", 0, "required");
        }
        if (attach.getRun() == 0) {
            return invalid("run", 0, "random, not 0");
        }
        if (attach.getMode() == AttachMode.UNRECOGNIZED) {
            return invalid("mode", attach.getModeValue(), "no such mode");
        }
        if (attach.getMode() == AttachMode.ATTACH_MODE_STANDBY && attach.getResume()) {
            return invalid("resume", true, "a standby has no session to go on with");
        }
        long credit = unsigned(attach.getCredit());
        if (credit == 0) {
            return invalid("credit", 0, "1 … " + Limit.MAX_CREDIT.value());
        }
        return credit > Limit.MAX_CREDIT.value()
                ? Optional.of(Refusal.overLimit(Errno.EINVAL, "credit", credit, Limit.MAX_CREDIT))
                : Optional.empty();
    }

    /** Kept rows of one message. */
    static Optional<Refusal> check(KeptRows kept) {
        int rows = kept.getSequenceCount();
        @Nullable
        Refusal refusal = firstOf(
                overLimit(rows),
                length("kept.vcpu", kept.getVcpuCount(), rows, true),
                length("kept.vcpu_epoch", kept.getVcpuEpochCount(), rows, false),
                length("kept.part", kept.getPartCount(), rows, true),
                length("kept.data", kept.getDataCount(), rows, true),
                length("kept.under_way", kept.getUnderWay().size(), rows, true),
                vcpus("kept.vcpu", kept.getVcpuCount(), kept::getVcpu),
                flags("kept.under_way", kept.getUnderWay()));
        return Optional.ofNullable(refusal);
    }

    /** Adds well-formed kept rows. */
    static void addTo(KeptRequests requests, KeptRows kept) {
        for (int i = 0; i < kept.getSequenceCount(); i++) {
            requests.add(
                    kept.getVcpuCount() == 0 ? 0 : kept.getVcpu(i),
                    kept.getVcpuEpoch(i),
                    kept.getSequence(i),
                    kept.getPartCount() == 0 ? 0 : kept.getPart(i),
                    kept.getDataCount() == 0 ? 0 : kept.getData(i),
                    !kept.getUnderWay().isEmpty() && kept.getUnderWay().byteAt(i) == 1);
        }
    }

    /** Answers. */
    static Optional<Refusal> check(AnswerRows answers) {
        int rows = answers.getSequenceCount();
        return Optional.ofNullable(firstOf(
                overLimit(rows),
                length("answers.vcpu", answers.getVcpuCount(), rows, true),
                length("answers.vcpu_epoch", answers.getVcpuEpochCount(), rows, false),
                length("answers.part", answers.getPartCount(), rows, true),
                length("answers.data", answers.getDataCount(), rows, true),
                length("answers.given_up", answers.getGivenUp().size(), rows, true),
                vcpus("answers.vcpu", answers.getVcpuCount(), answers::getVcpu),
                flags("answers.given_up", answers.getGivenUp())));
    }

    /** Well-formed answers as columns; what is given up has the outcome ESTALE. */
    static OutcomeRows columns(AnswerRows answers) {
        int rows = answers.getSequenceCount();
        OutcomeRows columns = new OutcomeRows(rows);
        boolean vcpu = answers.getVcpuCount() != 0;
        boolean part = answers.getPartCount() != 0;
        boolean data = answers.getDataCount() != 0;
        ByteString givenUp = answers.getGivenUp();
        for (int i = 0; i < rows; i++) {
            columns.add(
                    vcpu ? answers.getVcpu(i) : 0,
                    answers.getVcpuEpoch(i),
                    answers.getSequence(i),
                    part ? answers.getPart(i) : 0,
                    data ? answers.getData(i) : 0,
                    givenUp.isEmpty() || givenUp.byteAt(i) == 0 ? Errno.OK : (byte) Errno.ESTALE.number());
        }
        return columns;
    }

    /** A uint32 as it was meant. */
    static long unsigned(int value) {
        return Integer.toUnsignedLong(value);
    }

    private static Optional<Refusal> invalid(String field, Object value, String why) {
        return Optional.of(Refusal.invalid(field, value, why));
    }

    private static @Nullable Refusal flags(String field, ByteString column) {
        for (int i = 0; i < column.size(); i++) {
            int value = column.byteAt(i);
            if (value != 0 && value != 1) {
                return Refusal.invalid(field, value, "0 or 1 (row " + i + ")");
            }
        }
        return null;
    }

    private static @Nullable Refusal firstOf(@Nullable Refusal... refusals) {
        for (@Nullable Refusal refusal : refusals) {
            if (refusal != null) {
                return refusal;
            }
        }
        return null;
    }

    private static @Nullable Refusal overLimit(int rows) {
        return rows <= Limit.MAX_ROWS_PER_BATCH.value()
                ? null
                : Refusal.overLimit(Errno.EINVAL, "sequence", rows, Limit.MAX_ROWS_PER_BATCH);
    }

    private static @Nullable Refusal length(String field, int length, int rows, boolean mayBeEmpty) {
        return length == rows || (mayBeEmpty && length == 0)
                ? null
                : Refusal.invalid(field, length + " rows", "sequence has " + rows);
    }

    private static @Nullable Refusal vcpus(String field, int rows, IntUnaryOperator column) {
        for (int i = 0; i < rows; i++) {
            long vcpu = unsigned(column.applyAsInt(i));
            if (vcpu >= Limit.MAX_VCPUS_PER_DOMAIN.value()) {
                return Refusal.invalid(field, vcpu, "0 … " + (Limit.MAX_VCPUS_PER_DOMAIN.value() - 1))
                        .with("limit", Limit.MAX_VCPUS_PER_DOMAIN.value() - 1)
                        .with("row", i);
            }
        }
        return null;
    }
}
