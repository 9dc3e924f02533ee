package io.trapline.cli.demo;

import io.trapline.cli.text.Count;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Another server claims reads of another type, which Xen has words for and never built; writes stay plain memory (C1, C3, T3). */
final class TheRegisters {
    private static final MemType TYPE = MemType.IOREQ_SERVER_1;
    private static final long FIRST_GFN = 0x8000;
    private static final int PAGES = 16;
    private static final int REGISTERS = PAGES * Gtt.ENTRIES_PER_PAGE;
    private static final int READS_PER_VCPU = 8_192;

    private TheRegisters() {}

    static void readsAreAnswered(Stage stage, DomainRef domain, ServerRef server) throws InterruptedException {
        stage.checks.chapter("A second device claims reads of " + TYPE.text());
        TraplineConnection rival = stage.cast.rival();
        stage.cast.operator().memory().setMemType(domain, new Gfn(FIRST_GFN), PAGES, TYPE);
        RegisterReader device = new RegisterReader(stage.options.vcpus());
        try (Emulator emulator = rival.attach(server, device)) {
            stage.needs("the second device", emulator);
            rival.ioreqServers().enable(emulator.server());
            rival.ioreqServers().mapMemType(server, TYPE, AccessFlags.READ);
            stage.onAllVcpus("register reads", 0, vcpu -> readAndWrite(stage, vcpu), () -> {});
            long sent = (long) READS_PER_VCPU * stage.options.vcpus();
            stage.figures.forwardedReads = device.total();
            stage.figures.forwarded += device.total();
            stage.figures.unforwarded += sent - device.total();
            stage.figures.duplicates += device.duplicates();
            stage.checkAnswers("each of " + new Count(sent) + " reads returned the device's value");
            stage.checks.check(
                    "the device was passed exactly those, and no write",
                    device.total() == sent && device.strange() == 0 && device.duplicates() == 0);
            long differing = differing(stage, domain);
            stage.figures.mismatches += differing;
            stage.checks.check("writes went to the pages all the while", differing == 0);
            rival.ioreqServers().release(server, TYPE);
        }
    }

    private static void readAndWrite(Stage stage, int vcpu) throws InterruptedException {
        VcpuLoad load = stage.loads.get(vcpu);
        for (int register = vcpu; register < REGISTERS; register += stage.options.vcpus()) {
            load.write(gpa(register), written(register));
        }
        for (int i = 0; i < READS_PER_VCPU; i++) {
            long gpa = gpa((i * 7 + vcpu) % REGISTERS);
            load.read(gpa, RegisterReader.valueAt(gpa));
        }
    }

    private static long differing(Stage stage, DomainRef domain) {
        byte[] bytes = stage.cast.operator().memory().read(domain, new Gpa(gpa(0)), REGISTERS * Gtt.ENTRY_BYTES);
        ByteBuffer pages = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long differing = 0;
        for (int register = 0; register < REGISTERS; register++) {
            differing += pages.getLong(register * Gtt.ENTRY_BYTES) == written(register) ? 0 : 1;
        }
        return differing;
    }

    private static long gpa(int register) {
        return (FIRST_GFN << 12) + (long) register * Gtt.ENTRY_BYTES;
    }

    private static long written(int register) {
        return -1L - register;
    }
}
