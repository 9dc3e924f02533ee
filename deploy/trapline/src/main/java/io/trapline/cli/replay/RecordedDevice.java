package io.trapline.cli.replay;

import io.trapline.client.Answers;
import io.trapline.client.DeviceModel;
import io.trapline.client.IoreqBatchView;
import io.trapline.model.IoreqAttributes;
import java.util.List;

/** Plays back what a device answered, and compares what it is passed with what was recorded. Never blocks. */
final class RecordedDevice implements DeviceModel {
    private final Findings findings;
    private final int[][] accessesOfVcpu;
    private final List<Integer> devices;

    /** {@code accessesOfVcpu}: for each vCPU its accesses in order. {@code devices}: which ones of the log it stands for. */
    RecordedDevice(Findings findings, int[][] accessesOfVcpu, List<Integer> devices) {
        this.findings = findings;
        this.accessesOfVcpu = accessesOfVcpu;
        this.devices = devices;
    }

    @Override
    public void handle(IoreqBatchView batch, Answers answers) {
        for (int row = 0; row < batch.size(); row++) {
            int attributes = batch.attributes(row);
            long mask = IoreqAttributes.mask(attributes);
            Findings.Passed ioreq = new Findings.Passed(
                    IoreqAttributes.type(attributes) == IoreqAttributes.PIO,
                    batch.isWrite(row),
                    batch.address(row),
                    batch.sizeBytes(row),
                    batch.isWrite(row) ? batch.data(row) & mask : 0);
            long recorded = findings.passed(access(batch, row), batch.part(row), ioreq, devices);
            answers.answer(row, batch.isWrite(row) ? 0 : recorded);
        }
    }

    private int access(IoreqBatchView batch, int row) {
        int vcpu = batch.vcpu(row);
        long place = batch.sequence(row) - 1;
        boolean known = vcpu < accessesOfVcpu.length && place >= 0 && place < accessesOfVcpu[vcpu].length;
        return known ? accessesOfVcpu[vcpu][(int) place] : -1;
    }
}
