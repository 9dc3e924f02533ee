package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import io.trapline.fuzz.EmulatorDomain.Forwarded;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.KeptRows;

/** Rows of emulators that nobody has asked for. */
final class AttachRows {
    private static final int TOO_MANY = 4097;

    private AttachRows() {}

    /** Well-formed answers for nothing. */
    static AnswerRows nonsense(Dice dice) {
        AnswerRows.Builder answers = AnswerRows.newBuilder();
        int rows = dice.chance(95) ? dice.between(1, 100) : 4096;
        boolean vcpus = dice.chance(70);
        boolean parts = dice.chance(50);
        boolean data = dice.chance(50);
        for (int i = 0; i < rows; i++) {
            answers.addVcpuEpoch(dice.pick(0L, 1L, -1L, dice.anyLong()))
                    .addSequence(dice.pick(0L, -1L, dice.anyLong()));
            if (vcpus) {
                answers.addVcpu(dice.pick(0, 1, 4095));
            }
            if (parts) {
                answers.addPart(dice.pick(0, 1, -1, Integer.MIN_VALUE));
            }
            if (data) {
                answers.addData(dice.anyLong());
            }
        }
        return answers.build();
    }

    /** Answers whose columns do not fit each other, too many of them, or of a vCPU that no domain has. */
    static AnswerRows.Builder malformedAnswers(Dice dice) {
        AnswerRows.Builder answers = AnswerRows.newBuilder();
        for (int i = dice.between(1, 9); i > 0; i--) {
            answers.addVcpuEpoch(i).addSequence(i);
        }
        return switch (dice.below(6)) {
            case 0 -> answers.addVcpuEpoch(1);
            case 1 -> answers.addSequence(1);
            case 2 -> answers.addSequence(1).addVcpuEpoch(1).addPart(0);
            case 3 -> answers.addSequence(1).addVcpuEpoch(1).addData(0);
            case 4 -> {
                answers.clear();
                for (int i = 0; i < TOO_MANY; i++) {
                    answers.addVcpuEpoch(i).addSequence(i);
                }
                yield answers;
            }
            default -> AnswerRows.newBuilder().addSequence(1).addVcpuEpoch(1).addVcpu((int) dice.above32(4095));
        };
    }

    /** One that differs from what was asked in one thing. */
    static AnswerRows nearly(Forwarded forwarded, Dice dice) {
        long epoch = forwarded.vcpuEpoch();
        long sequence = forwarded.sequence();
        AnswerRows.Builder answers = AnswerRows.newBuilder().addData(~forwarded.answer());
        return switch (dice.below(4)) {
            case 0 ->
                answers.addVcpuEpoch(epoch + dice.pick(1L, -1L, 1L << 40))
                        .addSequence(sequence)
                        .build();
            case 1 ->
                answers.addVcpuEpoch(epoch)
                        .addSequence(sequence + dice.pick(1L, -1L, 1024L, -1024L))
                        .build();
            case 2 ->
                answers.addVcpuEpoch(epoch)
                        .addSequence(sequence)
                        .addPart(dice.pick(1, -1))
                        .build();
            default ->
                answers.addVcpuEpoch(epoch)
                        .addSequence(sequence)
                        .addVcpu(dice.pick(1, 2, 4095))
                        .build();
        };
    }

    /** Well-formed kept rows: of nothing, and of what has not been asked yet. */
    static KeptRows kept(Dice dice, long vcpuEpoch, long nextSequence) {
        KeptRows.Builder kept = KeptRows.newBuilder();
        int rows = dice.below(50);
        byte[] underWay = new byte[rows];
        for (int i = 0; i < rows; i++) {
            boolean nearly = dice.chance(50);
            kept.addVcpu(nearly ? 0 : dice.pick(0, 1, 4095))
                    .addVcpuEpoch(nearly ? vcpuEpoch : dice.anyLong())
                    .addSequence(nearly ? nextSequence + i : dice.anyLong())
                    .addPart(nearly ? 0 : dice.pick(0, 1, -1))
                    .addData(dice.anyLong());
            underWay[i] = (byte) dice.below(2);
        }
        return kept.setUnderWay(ByteString.copyFrom(underWay)).build();
    }

    /** Kept rows whose columns do not fit each other, too many of them, or that say neither yes nor no. */
    static KeptRows malformed(Dice dice) {
        KeptRows.Builder kept = KeptRows.newBuilder()
                .addSequence(1)
                .addVcpuEpoch(1)
                .addSequence(2)
                .addVcpuEpoch(2);
        return switch (dice.below(7)) {
            case 0 -> kept.addSequence(3).build();
            case 1 -> kept.addVcpuEpoch(3).build();
            case 2 -> kept.addVcpu(0).build();
            case 3 -> kept.addPart(0).addPart(0).addPart(0).build();
            case 4 -> kept.addData(0).build();
            case 5 ->
                kept.setUnderWay(ByteString.copyFrom(new byte[] {0, (byte) dice.between(2, 255)}))
                        .build();
            default -> {
                for (int i = 0; i < TOO_MANY; i++) {
                    kept.addVcpuEpoch(i).addSequence(i);
                }
                yield kept.build();
            }
        };
    }
}
