package io.trapline.coordinator.lease;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.MessageLite;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A change in messages that a transport takes (D-13): the whole registry, or what a node that is over had, is larger than one may be. All
 * parts have the change's revision, and all but the last {@code more}; put together in their order they are the change again.
 */
@Pure
final class ChangeParts {
    /** A part is larger only where it is a single entity. */
    static final int MAX_BYTES = 1 << 20;

    // Tag and length of an entity, or a number that is one.
    private static final int OVERHEAD_BYTES = 12;

    private ChangeParts() {}

    /** The change itself where it is small enough. */
    static List<RegistryChange> of(RegistryChange change, int maxBytes) {
        if (change.getSerializedSize() <= maxBytes) {
            return List.of(change);
        }
        List<RegistryChange> parts = new ArrayList<>();
        RegistryChange.Builder part = begin(change);
        int bytes = OVERHEAD_BYTES * 2;
        for (Map.Entry<FieldDescriptor, Object> field : change.getAllFields().entrySet()) {
            if (!field.getKey().isRepeated()) {
                continue;
            }
            for (Object entity : (List<?>) field.getValue()) {
                int more = OVERHEAD_BYTES + (entity instanceof MessageLite message ? message.getSerializedSize() : 0);
                if (bytes + more > maxBytes && bytes > OVERHEAD_BYTES * 2) {
                    parts.add(part.setMore(true).build());
                    part = begin(change);
                    bytes = OVERHEAD_BYTES * 2;
                }
                part.addRepeatedField(field.getKey(), entity);
                bytes += more;
            }
        }
        parts.add(part.build());
        return parts;
    }

    private static RegistryChange.Builder begin(RegistryChange change) {
        return RegistryChange.newBuilder().setRevision(change.getRevision()).setSnapshot(change.getSnapshot());
    }
}
