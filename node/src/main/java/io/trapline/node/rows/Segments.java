package io.trapline.node.rows;

import io.trapline.model.Pure;

/**
 * Pieces of guest memory in columns, each with its place in a call's bytes (F2). The pieces of one call that lie in different shards share them.
 *
 * @param gpa where each piece starts, in bytes
 * @param sizeBytes how long each is, 1 and up
 * @param offset where each starts in {@code data}
 * @param data the bytes of the whole call; none where they are to be read
 */
@Pure
public record Segments(long[] gpa, int[] sizeBytes, int[] offset, byte[] data) {
    public Segments {
        if (gpa.length != sizeBytes.length || gpa.length != offset.length) {
            throw new IllegalArgumentException("columns of different length");
        }
    }

    public int size() {
        return gpa.length;
    }
}
