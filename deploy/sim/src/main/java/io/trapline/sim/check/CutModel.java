package io.trapline.sim.check;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Gfn;
import io.trapline.node.p2m.AccessSplitter;
import io.trapline.node.p2m.ShardMap;

/** How far one shard has carried out an access that goes part by part (A2), and what its bytes of the value are so far. */
final class CutModel {
    private final GuestAccess access;
    private final ShardMap map;
    private final int shard;
    private final AccessSplitter parts = new AccessSplitter();
    private boolean hasPart;
    private long value;

    CutModel(GuestAccess access, ShardMap map, int shard) {
        this.access = access;
        this.map = map;
        this.shard = shard;
        parts.start(access.address, access.sizeBytes(), access.count, access.isDf());
        next();
    }

    /** Whether a part of this shard is left. */
    boolean hasPart() {
        return hasPart;
    }

    void next() {
        hasPart = parts.next();
        while (hasPart && map.shardOf(parts.address() >>> Gfn.PAGE_SHIFT) != shard) {
            hasPart = parts.next();
        }
    }

    int part() {
        return parts.part();
    }

    long address() {
        return parts.address();
    }

    int sizeBytes() {
        return parts.sizeBytes();
    }

    int count() {
        return parts.count();
    }

    long writeData() {
        return parts.writeData(access.data);
    }

    /** The part has read that. */
    void read(long partValue) {
        if (parts.repetition() + parts.count() < access.count) {
            return;
        }
        for (int i = 0; i < parts.sizeBytes(); i++) {
            int place = 8 * (parts.byteOffset() + i);
            value = (value & ~(0xFFL << place)) | ((partValue >>> (8 * i)) & 0xFF) << place;
        }
    }

    /** This shard's bytes of the last repetition. */
    long value() {
        return AccessAttributes.isWrite(access.attributes) ? 0 : value;
    }
}
