package io.trapline.faults.chaos;

import io.trapline.v1.DomainMemory;
import java.io.IOException;
import java.util.List;

/** A cluster that is to be broken. */
public interface Target {
    /** Where clients find it: {@code host:port[,host:port…]}. */
    String addresses();

    /** Where the workload's domain has its memory. */
    DomainMemory memory();

    /** What can be done to it while the workload is at that domain, beside what is done to the connections of its clients. */
    List<Fault> faults(int domid);

    /** Waits until everything of it is there again. */
    void awaitWhole() throws IOException, InterruptedException;

    /** What has happened in it since it was started. */
    Effects effects();

    /** What faults have caused. */
    record Effects(long leaderChanges, long promotions, long leaseExpiries) {}
}
