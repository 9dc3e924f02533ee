package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.List;

/** Messages with anything in them: edges, limits, nonsense, and now and then something that makes sense. */
final class RandomMessages {
    /** Domains that anything may happen to. */
    static final List<Integer> SACRIFICED = List.of(20_000, 20_001, 20_002, 20_003);

    private static final Long[] EDGES = {
        0L,
        1L,
        2L,
        3L,
        5L,
        16L,
        63L,
        64L,
        255L,
        256L,
        257L,
        1023L,
        1024L,
        1025L,
        4095L,
        4096L,
        4097L,
        0x7FEFL,
        0x7FF0L,
        0xFFFFL,
        0x1_0000L,
        60_000L,
        60_001L,
        3_600_000L,
        3_600_001L,
        1L << 20,
        (1L << 20) + 1,
        2L << 20,
        1L << 28,
        (1L << 28) + 1,
        0x7FFF_FFFFL,
        0x8000_0000L,
        0xFFFF_FFFFL,
        1L << 32,
        (1L << 32) + 1,
        (1L << 40) - 1,
        1L << 40,
        (1L << 52) - 1,
        1L << 52,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1L
    };

    /** What a random guess does not find. */
    private final long openSession;

    RandomMessages(long openSession) {
        this.openSession = openSession;
    }

    Message fill(Message empty, Dice dice) {
        Message.Builder builder = empty.toBuilder();
        int rows = rows(dice);
        boolean even = dice.chance(70);
        for (FieldDescriptor field : builder.getDescriptorForType().getFields()) {
            if (field.isRepeated()) {
                int size = even ? (dice.chance(80) ? rows : 0) : rows(dice);
                for (int i = 0; i < Math.min(size, most(field)); i++) {
                    builder.addRepeatedField(field, value(builder, field, dice));
                }
            } else if (dice.chance(isName(field) ? 95 : 70)) {
                builder.setField(field, value(builder, field, dice));
            }
        }
        return builder.build();
    }

    private static int rows(Dice dice) {
        int kind = dice.below(100);
        return kind < 90 ? dice.below(5) : kind < 98 ? dice.below(300) : dice.pick(4095, 4096, 4097);
    }

    private static int most(FieldDescriptor field) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE ? 300 : 5000;
    }

    private static boolean isName(FieldDescriptor field) {
        return field.getName().equals("domid") || field.getName().equals("vcpu");
    }

    private Object value(Message.Builder parent, FieldDescriptor field, Dice dice) {
        return switch (field.getJavaType()) {
            case INT -> (int) number(field.getName(), dice);
            case LONG -> number(field.getName(), dice);
            case BOOLEAN -> dice.chance(50);
            case ENUM ->
                field.getEnumType()
                        .findValueByNumberCreatingIfUnknown(
                                dice.chance(80)
                                        ? dice.pick(field.getEnumType().getValues())
                                                .getNumber()
                                        : dice.pick(4, 6, 15, 32, 127, 1000, -1));
            case STRING -> dice.chance(50) ? "" : dice.text(40);
            case BYTE_STRING -> bytes(dice);
            case MESSAGE -> fill(parent.newBuilderForField(field).build(), dice);
            case FLOAT, DOUBLE -> throw new IllegalStateException("the contract has no " + field.getJavaType());
        };
    }

    private static ByteString bytes(Dice dice) {
        return dice.bytes(dice.chance(90) ? rows(dice) : dice.below(100_000));
    }

    private long number(String name, Dice dice) {
        return switch (name) {
            case "domid" -> dice.chance(90) ? dice.pick(SACRIFICED) : dice.pick(0x7FF0L, 0xFFFF_FFFFL, 31_999L);
            case "generation", "domain_generation", "vcpu_epoch" ->
                dice.chance(70) ? 0 : dice.pick(1L, -1L, dice.anyLong());
            case "id" -> dice.chance(90) ? dice.below(4) : dice.pick(EDGES);
            case "session" -> dice.chance(70) ? openSession : dice.pick(EDGES);
            case "number" -> dice.chance(80) ? dice.between(1, 3000) : dice.pick(EDGES);
            case "acknowledged_through" -> dice.chance(80) ? 0 : dice.pick(EDGES);
            case "vcpu", "received_vcpu" -> dice.chance(80) ? dice.below(3) : dice.pick(EDGES);
            case "nr_pages" -> dice.chance(50) ? dice.between(1, 4096) : dice.pick(EDGES);
            case "size_bytes" -> dice.chance(80) ? dice.between(1, 64) : dice.pick(EDGES);
            case "gpa", "address" -> dice.chance(80) ? dice.below(64 << 20) : dice.pick(EDGES);
            case "first_gfn" -> dice.chance(60) ? dice.below(8192) : dice.pick(EDGES);
            // Repetitions cost what they do: few of the longest.
            case "count" -> dice.chance(98) ? dice.below(600) : dice.pick(EDGES);
            default -> dice.chance(70) ? dice.pick(EDGES) : dice.anyLong();
        };
    }
}
