package io.trapline.faults.chaos;

import io.trapline.v1.DomainMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/** A cluster that is to be broken. */
public interface Target {
    /** Where clients find it: {@code host:port[,host:port…]}. */
    String addresses();

    /** Where a client comes to what the cluster itself calls by that address, in a route for one. */
    String reach(String address);

    /** Where the workload's domain has its memory. */
    DomainMemory memory();

    /** How long a guest of the workload pauses between two accesses at most: where the cluster shares a machine with others, that is most of what it computes. */
    default Duration longestPause() {
        return Duration.ofNanos(1_500_000);
    }

    /** What can be done to it while the workload is at those domains, beside what is done to the connections of its clients. */
    List<Fault> faults(Domains domains);

    /** Domains of a workload. */
    interface Domains {
        /** The id of the one that is there all the time; its memory is as {@link Target#memory} says. */
        int lasting();

        /** The id of the one that comes and goes, with a single copy of its memory, while it is there. */
        OptionalInt passing();
    }

    /** What each part of it does now, a line each, for a person who wants to know why somebody waits. */
    List<String> state();

    /** What its parts have logged that none ever should, such as the exception that an actor died of, a line each; none where their logs are not at hand. */
    default List<String> defects() throws IOException {
        return List.of();
    }

    /** Waits until everything of it is there again. */
    void awaitWhole() throws IOException, InterruptedException;

    /** What has happened in it since it was started. */
    Effects effects();

    /** What faults have caused. */
    record Effects(long leaderChanges, long promotions, long leaseExpiries) {}
}
