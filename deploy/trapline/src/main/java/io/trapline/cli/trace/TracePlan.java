package io.trapline.cli.trace;

import io.trapline.model.Limit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which IOREQ server stands for which traced device, and with which ranges. One server a device; devices that touch a common byte share
 * one, since the log cannot say which of them a range should go to. Touched bytes are joined across gaps that no other server touches,
 * so that a device stays below the limit of ranges (R1) and no range takes what belongs to another (R2).
 */
public final class TracePlan {
    /**
     * A run of addresses, both ends inclusive.
     *
     * @param port whether they are ports; memory otherwise
     */
    public record Range(boolean port, long first, long last) {}

    /**
     * One server.
     *
     * @param devices indexes of the devices that it stands for
     * @param ranges its ranges, ports before memory, ascending
     */
    public record Server(List<Integer> devices, List<Range> ranges) {
        public Server {
            devices = List.copyOf(devices);
            ranges = List.copyOf(ranges);
        }
    }

    private record Touch(long first, long last, int device) {}

    private final List<Server> servers;
    private final int[] serverOfDevice;

    private TracePlan(List<Server> servers, int[] serverOfDevice) {
        this.servers = List.copyOf(servers);
        this.serverOfDevice = serverOfDevice;
    }

    /** Plans the servers of a log. Throws {@link TraceException} when one domain cannot have so many servers (S1) or ranges (R1). */
    public static TracePlan of(Trace trace) throws TraceException {
        List<Touch> touches = touches(trace);
        int[] root = shared(touches, trace.deviceNames().size());
        Map<Integer, List<Integer>> devicesByRoot = new LinkedHashMap<>();
        for (int device = 0; device < root.length; device++) {
            devicesByRoot
                    .computeIfAbsent(root[device], none -> new ArrayList<>())
                    .add(device);
        }
        if (devicesByRoot.size() > Limit.MAX_SERVERS_PER_DOMAIN.value()) {
            throw new TraceException("holds " + devicesByRoot.size() + " devices, a domain has at most "
                    + Limit.MAX_SERVERS_PER_DOMAIN.value() + " IOREQ servers");
        }
        Map<Integer, List<Range>> rangesByRoot = join(touches, root);
        List<Server> servers = new ArrayList<>();
        int[] serverOfDevice = new int[root.length];
        for (Map.Entry<Integer, List<Integer>> group : devicesByRoot.entrySet()) {
            List<Range> ranges = rangesByRoot.getOrDefault(group.getKey(), List.of());
            checkCount(trace.deviceNames().get(group.getKey()), ranges);
            group.getValue().forEach(device -> serverOfDevice[device] = servers.size());
            servers.add(new Server(group.getValue(), ranges));
        }
        return new TracePlan(servers, serverOfDevice);
    }

    /** The servers, in order of the first access to one of their devices. */
    public List<Server> servers() {
        return servers;
    }

    /** Index of the server that stands for a device. */
    public int serverOf(int device) {
        return serverOfDevice[device];
    }

    private static List<Touch> touches(Trace trace) {
        Set<Touch> distinct = new HashSet<>();
        for (int row = 0; row < trace.size(); row++) {
            long first = trace.address(row);
            distinct.add(new Touch(first, first + trace.sizeBytes(row) - 1, trace.device(row)));
        }
        List<Touch> touches = new ArrayList<>(distinct);
        touches.sort(Comparator.comparingLong(Touch::first)
                .thenComparingLong(Touch::last)
                .thenComparingInt(Touch::device));
        return touches;
    }

    /** For each device the lowest device that it shares bytes with, directly or through others. */
    private static int[] shared(List<Touch> touches, int devices) {
        int[] root = new int[devices];
        Arrays.setAll(root, device -> device);
        Touch reaching = new Touch(-1, -1, 0);
        for (Touch touch : touches) {
            if (touch.first <= reaching.last) {
                join(root, root[touch.device], root[reaching.device]);
            }
            if (touch.last > reaching.last) {
                reaching = touch;
            }
        }
        return root;
    }

    private static void join(int[] root, int one, int other) {
        int lower = Math.min(one, other);
        for (int device = 0; device < root.length; device++) {
            if (root[device] == one || root[device] == other) {
                root[device] = lower;
            }
        }
    }

    private static Map<Integer, List<Range>> join(List<Touch> touches, int[] root) {
        Map<Integer, List<Range>> ranges = new LinkedHashMap<>();
        long first = 0;
        long last = -1;
        int owner = -1;
        for (Touch touch : touches) {
            boolean port = touch.first < Trace.PORT_END;
            boolean sameSpace = port == first < Trace.PORT_END;
            if (owner == root[touch.device] && sameSpace) {
                last = Math.max(last, touch.last);
                continue;
            }
            addRange(ranges, owner, first, last);
            owner = root[touch.device];
            first = touch.first;
            last = touch.last;
        }
        addRange(ranges, owner, first, last);
        return ranges;
    }

    private static void addRange(Map<Integer, List<Range>> ranges, int owner, long first, long last) {
        if (owner >= 0) {
            ranges.computeIfAbsent(owner, none -> new ArrayList<>())
                    .add(new Range(first < Trace.PORT_END, first, last));
        }
    }

    private static void checkCount(String name, List<Range> ranges) throws TraceException {
        long ports = ranges.stream().filter(Range::port).count();
        long most = Math.max(ports, ranges.size() - ports);
        if (most > Limit.MAX_RANGES_PER_TYPE.value()) {
            throw new TraceException(
                    "device '" + name + "' needs " + most + " ranges between other devices, a server has at most "
                            + Limit.MAX_RANGES_PER_TYPE.value() + " of a type");
        }
    }
}
