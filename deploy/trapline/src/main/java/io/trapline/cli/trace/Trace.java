package io.trapline.cli.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A log of device accesses in their total order. Columns, since a log may hold millions of rows; a row is named by its index. Immutable
 * once built; values are masked to their size (F2).
 */
public final class Trace {
    /** Addresses below it are I/O ports, the others memory: the logs do not say which space they mean. */
    public static final long PORT_END = 0x10000;

    private final TraceFormat format;
    private final List<String> deviceNames;
    private final int vcpus;
    private final int size;
    private final long[] address;
    private final long[] value;
    private final short[] device;
    private final short[] vcpu;
    private final byte[] kind;

    private Trace(Builder builder) {
        this.format = builder.format;
        this.deviceNames = List.copyOf(builder.deviceNames);
        this.size = builder.size;
        this.vcpus = Math.max(1, builder.highestVcpu + 1 + (builder.hasDeviceAccesses ? 1 : 0));
        this.address = Arrays.copyOf(builder.address, size);
        this.value = Arrays.copyOf(builder.value, size);
        this.device = Arrays.copyOf(builder.device, size);
        this.kind = Arrays.copyOf(builder.kind, size);
        this.vcpu = Arrays.copyOf(builder.vcpu, size);
        for (int row = 0; row < size; row++) {
            if (vcpu[row] == Builder.NO_VCPU) {
                vcpu[row] = (short) (vcpus - 1);
            }
        }
    }

    /** What kind of log it was. */
    public TraceFormat format() {
        return format;
    }

    /** The devices by index, in order of their first access. */
    public List<String> deviceNames() {
        return deviceNames;
    }

    /** How many vCPUs the domain needs: those of the log, and one more where devices made accesses by themselves. */
    public int vcpus() {
        return vcpus;
    }

    /** How many accesses there are. */
    public int size() {
        return size;
    }

    /** Index of the device that the access went to. */
    public int device(int row) {
        return device[row];
    }

    /** The vCPU that made it, 0 … vcpus - 1. */
    public int vcpu(int row) {
        return vcpu[row];
    }

    /** Whether it wrote. */
    public boolean isWrite(int row) {
        return kind[row] < 0;
    }

    /** 1, 2, 4 or 8. */
    public int sizeBytes(int row) {
        return kind[row] & 0xF;
    }

    /** The port, or the guest physical address in bytes. */
    public long address(int row) {
        return address[row];
    }

    /** Whether the address is a port. */
    public boolean isPort(int row) {
        return address[row] < PORT_END;
    }

    /** What was written, or what the device answered; masked to the size. */
    public long value(int row) {
        return value[row];
    }

    /** Collects rows. Throws {@link IllegalArgumentException}, whose message says why, for a row that no access can be. */
    static final class Builder {
        private static final short NO_VCPU = -1;
        private static final int HIGHEST_VCPU = 4094;
        private static final int MAX_DEVICES = Short.MAX_VALUE;
        private static final int WRITE = 0x80;
        private static final long ADDRESS_END = 1L << 52;

        private final TraceFormat format;
        private final List<String> deviceNames = new ArrayList<>();
        private final Map<String, Short> deviceByName = new HashMap<>();
        private int highestVcpu = -1;
        private boolean hasDeviceAccesses;
        private int size;
        private long[] address = new long[1024];
        private long[] value = new long[1024];
        private short[] device = new short[1024];
        private short[] vcpu = new short[1024];
        private byte[] kind = new byte[1024];

        Builder(TraceFormat format) {
            this.format = format;
        }

        /** Adds one access; {@code cpu} -1 = a device made it. */
        void add(String deviceName, long cpu, boolean write, long sizeBytes, long at, long rawValue) {
            if (sizeBytes != 1 && sizeBytes != 2 && sizeBytes != 4 && sizeBytes != 8) {
                throw new IllegalArgumentException("size is " + sizeBytes + ", not 1, 2, 4 or 8");
            }
            if (cpu < -1 || cpu > HIGHEST_VCPU) {
                throw new IllegalArgumentException("cpu is " + cpu + ", not -1 … " + HIGHEST_VCPU);
            }
            long end = at + sizeBytes;
            if (at < 0 || end > ADDRESS_END) {
                throw new IllegalArgumentException("address 0x" + Long.toHexString(at) + " is past 2^52");
            }
            if (at < PORT_END && end > PORT_END) {
                throw new IllegalArgumentException("address 0x" + Long.toHexString(at) + " passes the last port");
            }
            grow();
            address[size] = at;
            value[size] = rawValue & (-1L >>> (64 - 8 * sizeBytes));
            device[size] = deviceOf(deviceName);
            vcpu[size] = (short) cpu;
            kind[size] = (byte) (sizeBytes | (write ? WRITE : 0));
            size++;
            highestVcpu = Math.max(highestVcpu, (int) cpu);
            hasDeviceAccesses |= cpu == NO_VCPU;
        }

        int size() {
            return size;
        }

        Trace build() {
            return new Trace(this);
        }

        private short deviceOf(String name) {
            Short known = deviceByName.get(name);
            if (known != null) {
                return known;
            }
            if (deviceNames.size() == MAX_DEVICES) {
                throw new IllegalArgumentException("more than " + MAX_DEVICES + " devices");
            }
            short index = (short) deviceNames.size();
            deviceNames.add(name);
            deviceByName.put(name, index);
            return index;
        }

        private void grow() {
            if (size == address.length) {
                int wider = Math.multiplyExact(size, 2);
                address = Arrays.copyOf(address, wider);
                value = Arrays.copyOf(value, wider);
                device = Arrays.copyOf(device, wider);
                vcpu = Arrays.copyOf(vcpu, wider);
                kind = Arrays.copyOf(kind, wider);
            }
        }
    }
}
