package io.trapline.cli.replay;

import io.trapline.cli.text.Count;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.cli.trace.Trace;
import io.trapline.cli.trace.TracePlan;
import java.util.ArrayList;
import java.util.List;

/**
 * What came of a replay.
 *
 * @param devices each device of the log, in order of its first access
 * @param seconds from the first access to the last answer
 * @param described the first things that were wrong, for a person
 */
public record ReplayReport(List<Device> devices, double seconds, List<String> described) {
    public ReplayReport {
        devices = List.copyOf(devices);
        described = List.copyOf(described);
    }

    /**
     * One device.
     *
     * @param name as the log has it
     * @param server the IOREQ server that stood for it
     * @param reads how many the log has
     * @param writes how many the log has
     * @param forwarded how many of both its emulator was passed
     * @param mismatches ioreqs and answers with another content than the log's
     * @param orderViolations ioreqs that were not the next of the log
     */
    public record Device(
            String name, int server, long reads, long writes, long forwarded, long mismatches, long orderViolations) {}

    static ReplayReport of(Trace trace, TracePlan plan, Findings findings, double seconds) {
        long[] reads = new long[trace.deviceNames().size()];
        long[] writes = new long[reads.length];
        for (int row = 0; row < trace.size(); row++) {
            (trace.isWrite(row) ? writes : reads)[trace.device(row)]++;
        }
        List<Device> devices = new ArrayList<>();
        for (int device = 0; device < reads.length; device++) {
            devices.add(new Device(
                    trace.deviceNames().get(device),
                    plan.serverOf(device),
                    reads[device],
                    writes[device],
                    findings.forwarded(device),
                    findings.mismatches(device),
                    findings.orderViolations(device)));
        }
        return new ReplayReport(devices, seconds, findings.described());
    }

    public long reads() {
        return devices.stream().mapToLong(Device::reads).sum();
    }

    public long writes() {
        return devices.stream().mapToLong(Device::writes).sum();
    }

    public long forwarded() {
        return devices.stream().mapToLong(Device::forwarded).sum();
    }

    public long mismatches() {
        return devices.stream().mapToLong(Device::mismatches).sum();
    }

    public long orderViolations() {
        return devices.stream().mapToLong(Device::orderViolations).sum();
    }

    /** Accesses per second, over the whole replay. */
    public double accessesPerSecond() {
        return rate(reads() + writes());
    }

    /** Whether everything came as it is in the log. */
    public boolean isFaultless() {
        return forwarded() == reads() + writes() && mismatches() == 0 && orderViolations() == 0;
    }

    /** One row a device. */
    public Table table() {
        Table table = new Table(
                "device",
                "server",
                "reads",
                "writes",
                "forwarded",
                "wrong_values",
                "wrong_order",
                "accesses_per_second");
        for (Device device : devices) {
            table.row(
                    device.name,
                    device.server,
                    new Count(device.reads),
                    new Count(device.writes),
                    new Count(device.forwarded),
                    new Count(device.mismatches),
                    new Count(device.orderViolations),
                    rate(device.reads + device.writes));
        }
        return table;
    }

    /** The summary. */
    public Json json() {
        return Json.object()
                .put("reads", reads())
                .put("writes", writes())
                .put("forwarded", forwarded())
                .put("mismatches", mismatches())
                .put("order_violations", orderViolations())
                .put("accesses_per_second", accessesPerSecond())
                .put("seconds", Math.round(seconds * 1000) / 1000.0)
                .put("devices", table().objects());
    }

    private double rate(long accesses) {
        return Math.round(10 * accesses / Math.max(seconds, 1e-9)) / 10.0;
    }
}
