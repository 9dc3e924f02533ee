package io.trapline.faults.check;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;

/** Collects what is found: all of it is counted, so much is kept. */
@Pure
final class Findings {
    private static final int MOST = 1_000;

    private final List<Finding> kept = new ArrayList<>();
    private long count;

    void add(String rule, String message, Object... evidence) {
        count++;
        if (kept.size() < MOST) {
            kept.add(Finding.of(rule, message, evidence));
        }
    }

    List<Finding> kept() {
        return kept;
    }

    long count() {
        return count;
    }
}
