package io.trapline.faults.check;

import io.trapline.model.Pure;
import java.util.List;

/**
 * What came of checking a history.
 *
 * @param operations calls and accesses
 * @param unknown those of them of which nobody knows whether they were carried out
 * @param redelivered ioreqs that emulators were passed with that mark
 * @param violations how many things are wrong or undecided
 * @param findings the first of them, at most 1,000
 */
@Pure
public record Report(long operations, long unknown, long redelivered, long violations, List<Finding> findings) {
    public Report {
        findings = List.copyOf(findings);
    }

    /** Whether every promise is kept, and that is certain. */
    public boolean isFaultless() {
        return violations == 0;
    }
}
