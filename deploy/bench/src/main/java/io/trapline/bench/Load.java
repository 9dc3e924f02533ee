package io.trapline.bench;

import java.util.List;

/**
 * What the guest of a benchmark does, the same against Trapline and against bare gRPC.
 *
 * @param domid the domain; the bare echo does not look at it
 * @param vcpus how many vCPUs write, 1 and up
 * @param rows accesses in a batch, 1 … 4,096
 * @param window outstanding accesses of a vCPU, rows … 1,024
 * @param firstGpa the first byte of the claimed pages
 * @param pages how many pages are claimed
 */
record Load(int domid, int vcpus, int rows, int window, long firstGpa, int pages) {
    List<String> arguments() {
        return List.of(
                Integer.toString(domid),
                Integer.toString(vcpus),
                Integer.toString(rows),
                Integer.toString(window),
                Long.toString(firstGpa),
                Integer.toString(pages));
    }

    static Load parse(List<String> arguments) {
        return new Load(
                Integer.parseInt(arguments.get(0)),
                Integer.parseInt(arguments.get(1)),
                Integer.parseInt(arguments.get(2)),
                Integer.parseInt(arguments.get(3)),
                Long.parseLong(arguments.get(4)),
                Integer.parseInt(arguments.get(5)));
    }
}
