package io.trapline.faults.chaos;

import io.trapline.v1.DomainMemory;
import java.util.List;

/** A cluster that is to be broken. */
public interface Target {
    /** Where clients find it: {@code host:port[,host:port…]}. */
    String addresses();

    /** Where the workload's domain has its memory. */
    DomainMemory memory();

    /** What can be done to it, beside what is done to the connections of its clients. */
    List<Fault> faults();

    /** What has happened in it since it was started. */
    Effects effects();

    /** What faults have caused. */
    record Effects(long leaderChanges, long promotions, long leaseExpiries) {}
}
