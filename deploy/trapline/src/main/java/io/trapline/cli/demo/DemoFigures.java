package io.trapline.cli.demo;

import io.trapline.cli.text.Json;
import org.HdrHistogram.Histogram;

/** What the demonstration measured; filled chapter by chapter by the one thread that tells the story. */
public final class DemoFigures {
    private final DemoOptions options;
    long writes;
    long reads;
    long forwarded;
    long unforwarded;
    String secondClaim = "none";
    long mismatches;
    long redelivered;
    long repeated;
    long resumptions;
    long duplicates;
    long invalidEntries;
    long memoryCalls;
    long forwardedReads;
    long forwardedAfterRelease;
    long claimMicros;
    long releaseMicros;
    double seconds;
    double accessesPerSecond;
    final Histogram latencyMicros = new Histogram(3);
    final Histogram latencyAloneMicros = new Histogram(3);

    DemoFigures(DemoOptions options) {
        this.options = options;
    }

    /** Ioreqs that emulators carried out: writes of the table and reads of registers. */
    public long forwarded() {
        return forwarded;
    }

    /** Accesses that a claim should have forwarded and did not. */
    public long unforwarded() {
        return unforwarded;
    }

    /** Entries and values that were not what they should have been. */
    public long mismatches() {
        return mismatches;
    }

    /** Requests that an emulator which stayed up was made to carry out twice. */
    public long duplicates() {
        return duplicates;
    }

    /** The summary. */
    public Json json() {
        return Json.object()
                .put("forwarded", forwarded)
                .put("unforwarded", unforwarded)
                .put("second_claim", secondClaim)
                .put("mismatches", mismatches)
                .put("redelivered", redelivered)
                .put("duplicates", duplicates)
                .put("accesses_per_second", Math.round(10 * accessesPerSecond) / 10.0)
                .put("latency_us", latency(latencyMicros))
                .put("latency_alone_us", latency(latencyAloneMicros))
                .put("writes", writes)
                .put("reads", reads)
                .put("forwarded_reads", forwardedReads)
                .put("forwarded_after_release", forwardedAfterRelease)
                .put("repeated_answers", repeated)
                .put("resumptions", resumptions)
                .put("invalid_entries", invalidEntries)
                .put("memory_calls", memoryCalls)
                .put("gtt_pages", options.gttPages())
                .put("vcpus", options.vcpus())
                .put("window", options.window())
                .put("seed", options.seed())
                .put("claim_us", claimMicros)
                .put("release_us", releaseMicros)
                .put("seconds", Math.round(1000 * seconds) / 1000.0);
    }

    private static Json latency(Histogram micros) {
        return Json.object()
                .put("p50", micros.getValueAtPercentile(50))
                .put("p99", micros.getValueAtPercentile(99))
                .put("max", micros.getMaxValue());
    }
}
