package io.trapline.node.peer;

/** Rows in slices of which each fits a frame. */
final class Slices {
    /** Takes the rows from … to - 1. */
    interface Slice {
        void rows(int from, int to);
    }

    private Slices() {}

    /** In order; none where there are no rows. */
    static void of(int rows, Slice each) {
        for (int from = 0; from < rows; from += RowFrames.MOST_ROWS) {
            each.rows(from, Math.min(rows, from + RowFrames.MOST_ROWS));
        }
    }
}
