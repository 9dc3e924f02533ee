package io.trapline.node.memory;

import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.rows.Segments;
import java.util.Map;

/** Puts together what shards read for one call. Each shard's part comes from one thread, once. */
final class Reading {
    private final Map<Integer, Segments> pieces;
    private byte[] data;

    /**
     * @param pieces by shard what it reads
     * @param sizeBytes of all of them
     */
    Reading(Map<Integer, Segments> pieces, int sizeBytes) {
        this.pieces = pieces;
        data = new byte[pieces.size() == 1 ? 0 : sizeBytes];
    }

    void take(CallAnswer.Read read) {
        Segments piece = pieces.get(read.shard());
        if (piece == null) {
            throw new IllegalArgumentException("shard " + read.shard() + " was asked for nothing");
        }
        if (pieces.size() == 1) {
            data = read.data();
            return;
        }
        int at = 0;
        for (int i = 0; i < piece.size(); i++) {
            System.arraycopy(read.data(), at, data, piece.offset()[i], piece.sizeBytes()[i]);
            at += piece.sizeBytes()[i];
        }
    }

    /** What the call has read, in its own order; complete when every shard's part has been taken. */
    byte[] data() {
        return data;
    }
}
