package io.trapline.node.guest;

import com.google.protobuf.ByteString;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.guest.OpenVcpus.OpenVcpu;
import io.trapline.v1.AccessBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Takes a guest's batch apart into the windows of its vCPUs, and answers the rows that go no further. */
final class BatchIntake {
    private final OpenVcpus vcpus;
    private final VcpusOutbox outbox;
    private final long defaultTimeoutMillis;
    private final List<VcpuWindow> touched = new ArrayList<>();

    BatchIntake(OpenVcpus vcpus, VcpusOutbox outbox, long defaultTimeoutMillis) {
        this.vcpus = vcpus;
        this.outbox = outbox;
        this.defaultTimeoutMillis = defaultTimeoutMillis;
    }

    /** The windows that the last batch has put rows into, to be pumped. */
    List<VcpuWindow> touched() {
        return touched;
    }

    /** Takes a batch; not null when it is malformed as a whole and nothing of it was taken. */
    @Nullable
    Refusal take(GuestStream stream, AccessBatch batch, long arrivalNanos) {
        touched.clear();
        Refusal refusal = BatchShape.check(batch);
        if (refusal == null) {
            refusal = received(stream, batch.getReceivedVcpuList(), batch.getReceivedThroughList());
        }
        if (refusal != null) {
            return refusal;
        }
        ByteString attributes = batch.getAttributes();
        boolean hasVcpu = batch.getVcpuCount() > 0;
        boolean hasData = batch.getDataCount() > 0;
        boolean hasCount = batch.getCountCount() > 0;
        boolean hasTimeout = batch.getTimeoutMsCount() > 0;
        OpenVcpu open = null;
        int rows = batch.getSequenceCount();
        for (int i = 0; i < rows; i++) {
            int vcpu = hasVcpu ? batch.getVcpu(i) : 0;
            if (open == null || open.window.vcpu() != vcpu) {
                open = vcpus.runBy(stream, vcpu);
            }
            long sequence = batch.getSequence(i);
            if (open == null) {
                refuse(stream, batch, vcpu, sequence, notRun(vcpu));
                continue;
            }
            offer(
                    stream,
                    batch,
                    open,
                    sequence,
                    attributes.byteAt(i),
                    batch.getAddress(i),
                    hasData ? batch.getData(i) : 0,
                    hasCount ? batch.getCount(i) : 1,
                    hasTimeout ? batch.getTimeoutMs(i) : 0,
                    arrivalNanos);
        }
        return null;
    }

    private void offer(
            GuestStream stream,
            AccessBatch batch,
            OpenVcpu open,
            long sequence,
            byte attributes,
            long address,
            long data,
            int count,
            int timeoutMillis,
            long arrivalNanos) {
        Refusal malformed = AccessShape.check(attributes, address, data, count, timeoutMillis);
        long deadline =
                arrivalNanos + TimeUnit.MILLISECONDS.toNanos(timeoutMillis == 0 ? defaultTimeoutMillis : timeoutMillis);
        VcpuWindow window = open.window;
        int offered = window.offer(sequence, attributes, address, data, count, deadline, malformed != null);
        if (batch.getWantStatus() && offered <= VcpuWindow.TAKEN) {
            window.wantStatus(sequence);
        }
        switch (offered) {
            case VcpuWindow.TAKEN -> touch(window);
            case VcpuWindow.JOINED -> {}
            case VcpuWindow.ASKED_AGAIN -> window.askAgain(sequence, outbox);
            default -> {
                touch(window);
                Refusal why = malformed != null && offered == Errno.EINVAL.number()
                        ? malformed
                        : whyNot(offered, sequence, window);
                refuse(stream, batch, window.vcpu(), sequence, why);
            }
        }
    }

    private void touch(VcpuWindow window) {
        if (touched.isEmpty() || touched.getLast() != window) {
            touched.add(window);
        }
    }

    private void refuse(GuestStream stream, AccessBatch batch, int vcpu, long sequence, Refusal why) {
        byte errno = (byte) why.errno().number();
        outbox.answer(stream, vcpu, sequence, 0, errno, batch.getWantStatus() ? why : null);
    }

    private static Refusal whyNot(int errno, long sequence, VcpuWindow window) {
        Refusal refusal = Errno.ofNumber(errno).orElse(Errno.EINVAL) == Errno.ESTALE
                ? Refusal.of(Errno.ESTALE, "sequence = " + sequence + ": its outcome has been received and forgotten")
                : Refusal.invalid(
                        "sequence",
                        Long.toUnsignedString(sequence),
                        "next is " + window.nextSequence() + ", the window ends at "
                                + (window.received() + window.window())
                                + ", and a known number says the same again");
        return refusal.with("vcpu", window.vcpu());
    }

    private static Refusal notRun(int vcpu) {
        return Refusal.invalid("vcpu", Integer.toUnsignedString(vcpu), "this stream does not run it");
    }

    /**
     * Takes received marks; not null when one of them is wrong and none was taken. A mark of a vCPU that this stream does not run is passed over: somebody may
     * have opened it while the mark was on its way (A6), and the other vCPUs of the batch have nothing to do with that.
     */
    @Nullable
    Refusal received(GuestStream stream, List<Integer> ofVcpus, List<Long> through) {
        Refusal refusal = BatchShape.received(ofVcpus.size(), through.size());
        for (int i = 0; i < ofVcpus.size() && refusal == null; i++) {
            int vcpu = ofVcpus.get(i);
            OpenVcpu open = vcpus.runBy(stream, vcpu);
            if (!vcpus.has(vcpu)) {
                refusal =
                        Refusal.invalid("received_vcpu", Integer.toUnsignedString(vcpu), "the domain has no such vCPU");
            } else if (open != null && !open.window.mayBeReceived(through.get(i))) {
                refusal = Refusal.invalid(
                                "received_through",
                                Long.toUnsignedString(through.get(i)),
                                "not every outcome up to there has been sent")
                        .with("vcpu", vcpu);
            }
        }
        for (int i = 0; i < ofVcpus.size() && refusal == null; i++) {
            OpenVcpu open = vcpus.runBy(stream, ofVcpus.get(i));
            if (open != null) {
                open.window.receivedThrough(through.get(i));
            }
        }
        return refusal;
    }
}
