package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.List;

/** A request in the making, and who sends it. */
final class Draft {
    final Message.Builder request;
    String principal;

    Draft(Message base, String principal) {
        request = base.toBuilder();
        this.principal = principal;
    }

    boolean has(String field) {
        return request.getDescriptorForType().findFieldByName(field) != null;
    }

    /** Sets a field, {@code range.start} for one inside another; lists for columns, numbers for every kind of number and choice. */
    Draft set(String path, Object value) {
        Message.Builder builder = request;
        String[] names = path.split("\\.", -1);
        for (int i = 0; i < names.length - 1; i++) {
            builder = builder.getFieldBuilder(field(builder, names[i]));
        }
        FieldDescriptor field = field(builder, names[names.length - 1]);
        if (value instanceof List<?> values) {
            builder.clearField(field);
            for (Object each : values) {
                builder.addRepeatedField(field, converted(field, each));
            }
        } else {
            builder.setField(field, converted(field, value));
        }
        return this;
    }

    private static FieldDescriptor field(Message.Builder builder, String name) {
        FieldDescriptor field = builder.getDescriptorForType().findFieldByName(name);
        if (field == null) {
            throw new IllegalArgumentException(builder.getDescriptorForType().getName() + " has no " + name);
        }
        return field;
    }

    private static Object converted(FieldDescriptor field, Object value) {
        return switch (field.getJavaType()) {
            case INT -> ((Number) value).intValue();
            case LONG -> ((Number) value).longValue();
            case ENUM -> field.getEnumType().findValueByNumberCreatingIfUnknown(((Number) value).intValue());
            case BYTE_STRING -> (ByteString) value;
            case MESSAGE -> (Message) value;
            case BOOLEAN, STRING, FLOAT, DOUBLE -> value;
        };
    }
}
