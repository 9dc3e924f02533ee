package io.trapline.node.guest;

import com.google.protobuf.ByteString;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.ReceivedRefused;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Takes a guest's batch apart into the windows of its vCPUs, and answers the rows that go no further. */
final class BatchIntake {
    private final VcpuStreams<GuestStream, OpenVcpu> vcpus;
    private final VcpusOutbox outbox;
    private final long defaultTimeoutMillis;
    private final List<VcpuWindow> touched = new ArrayList<>();
    private boolean leased = true;

    BatchIntake(VcpuStreams<GuestStream, OpenVcpu> vcpus, VcpusOutbox outbox, long defaultTimeoutMillis) {
        this.vcpus = vcpus;
        this.outbox = outbox;
        this.defaultTimeoutMillis = defaultTimeoutMillis;
    }

    /** While false, accesses that are new are EAGAIN (A5). */
    void leased(boolean isLeased) {
        leased = isLeased;
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
        window.arrives(sequence, batch.getResent());
        int offered = !leased && malformed == null && window.putOff(sequence)
                ? Errno.EAGAIN.number()
                : window.offer(sequence, attributes, address, data, count, deadline, malformed != null);
        if (offered <= VcpuWindow.TAKEN) {
            open.wantStatus(sequence, batch.getWantStatus());
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

    private Refusal whyNot(int errno, long sequence, VcpuWindow window) {
        if (errno != Errno.EINVAL.number() && errno != Errno.ESTALE.number()) {
            // The outcome that the window keeps, once more (A4).
            return outbox.failure(window.vcpu(), sequence, errno);
        }
        Refusal refusal = errno == Errno.ESTALE.number()
                ? Refusal.of(Errno.ESTALE, "sequence = " + sequence + ": its outcome has been received and forgotten")
                : Refusal.invalid(
                        "sequence",
                        Long.toUnsignedString(sequence),
                        "next is " + window.nextSequence() + ", the window ends at "
                                + (window.received() + window.window())
                                + ", and a known number says the same again");
        return refusal.with("vcpu", window.vcpu());
    }

    /** ESTALE where it may have been fenced while this was on its way (A6), which is nobody's mistake. */
    private Refusal notRun(int vcpu) {
        String shown = Integer.toUnsignedString(vcpu);
        String why = "this stream does not run it";
        return vcpus.wasOpened(vcpu)
                ? Refusal.of(Errno.ESTALE, "vcpu = " + shown + ": " + why).with("vcpu", shown)
                : Refusal.invalid("vcpu", shown, why);
    }

    /** Takes received marks, of each vCPU by itself; not null when the columns do not fit each other and none was taken. */
    @Nullable
    Refusal received(GuestStream stream, List<Integer> ofVcpus, List<Long> through) {
        Refusal malformed = BatchShape.received(ofVcpus.size(), through.size());
        for (int i = 0; i < ofVcpus.size() && malformed == null; i++) {
            OpenVcpu open = vcpus.runBy(stream, ofVcpus.get(i));
            if (open == null) {
                refuseMark(stream, ofVcpus.get(i), notRun(ofVcpus.get(i)));
            } else if (!open.window.receivedThrough(through.get(i))) {
                Refusal ahead = Refusal.invalid(
                                "received_through",
                                Long.toUnsignedString(through.get(i)),
                                "not every outcome up to there has been sent")
                        .with("vcpu", ofVcpus.get(i));
                refuseMark(stream, ofVcpus.get(i), ahead);
            }
        }
        return malformed;
    }

    private static void refuseMark(GuestStream stream, int vcpu, Refusal why) {
        stream.send(AccessResponse.newBuilder()
                .setReceivedRefused(ReceivedRefused.newBuilder().setVcpu(vcpu).setStatus(Statuses.toProto(why)))
                .build());
    }
}
