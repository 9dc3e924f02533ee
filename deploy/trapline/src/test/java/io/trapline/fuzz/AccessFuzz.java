package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.trapline.fuzz.VcpuModel.Used;
import io.trapline.model.Errno;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.CloseVcpu;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.OpenVcpu;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.ReceivedThrough;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A guest's stream on which right and wrong rows, batches and requests stand side by side (A1, A3, A4, A6, E). It knows what each must be answered: nothing
 * more, nothing less, and what is right goes on as if the rest had not been there.
 */
final class AccessFuzz {
    private static final int[] WINDOWS = {1, 7, 1024};
    private static final int MOST_OUTSTANDING = 3000;
    private static final int MOST_ROWS = 3000;
    private static final int MOST_RESENT = 20;

    /** What the rows may do. */
    enum Scope {
        /** Right rows read: the domain's state is as before. */
        READING,
        /** Right rows read and write the vCPUs' own pages. */
        WRITING,
        /** Rows are anything: only the form of their outcome is known. */
        ANYTHING
    }

    private final int domid;
    private final Scope scope;
    private final Dice dice;
    private final Wire<AccessRequest, AccessResponse> wire;
    private final AccessAnswers answers;
    private final List<VcpuModel> vcpus = new ArrayList<>();
    private long batchId = 1;
    private long rows;

    private AccessFuzz(Channel channel, int domid, Scope scope, Complaints complaints, Dice dice) {
        this.domid = domid;
        this.scope = scope;
        this.dice = dice;
        wire = Wire.open(channel, GuestServiceGrpc.getAccessMethod());
        answers = new AccessAnswers(wire, scope + " stream of domain " + domid, complaints);
    }

    /** Sends so many messages and ends the stream; returns how many rows and requests they held. */
    static long run(Channel channel, int domid, Scope scope, int messages, Complaints complaints, Dice dice) {
        AccessFuzz fuzz = new AccessFuzz(channel, domid, scope, complaints, dice);
        fuzz.openAll(channel);
        for (int i = 0; i < messages; i++) {
            fuzz.step();
            if (fuzz.answers.outstanding() > MOST_OUTSTANDING || dice.chance(10)) {
                fuzz.answers.await();
            }
        }
        fuzz.stillWorks();
        fuzz.wire.halfClose();
        fuzz.answers.end();
        return fuzz.rows;
    }

    private void openAll(Channel channel) {
        for (int vcpu = 0; vcpu < WINDOWS.length; vcpu++) {
            long gpa = vcpu * 4096L;
            byte[] page = MemoryServiceGrpc.newBlockingStub(channel)
                    .readMemory(ReadMemoryRequest.newBuilder()
                            .setDomid(domid)
                            .addGpa(gpa)
                            .addSizeBytes(4096)
                            .build())
                    .getData()
                    .toByteArray();
            VcpuModel model = new VcpuModel(vcpu, WINDOWS[vcpu], page, gpa);
            vcpus.add(model);
            open(model, ByteString.EMPTY);
        }
    }

    private void open(VcpuModel model, ByteString token) {
        send(AccessRequest.newBuilder()
                .setOpen(OpenVcpu.newBuilder()
                        .setDomid(domid)
                        .setVcpu(model.vcpu)
                        .setWindow(model.window)
                        .setToken(token)
                        .setReceivedThrough(token.isEmpty() ? 0 : model.received)));
        if (token.isEmpty()) {
            model.opened();
        }
        model.token = answers.awaitOpened(model);
    }

    private void step() {
        switch (dice.below(100)) {
            case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 ->
                rejected(columns(dice.between(1, 10)).malformed(dice));
            case 12, 13, 14, 15 -> wrongMarksInBatch();
            case 16, 17, 18, 19 -> wrongMarks();
            case 20, 21 -> {
                send(AccessRequest.newBuilder());
                answers.expectRejected(0);
            }
            case 22, 23, 24, 25 -> wrongOpen();
            case 26 -> {
                send(AccessRequest.newBuilder().setClose(CloseVcpu.newBuilder().setVcpu(notRun())));
                answers.expectRejected(0);
            }
            case 27, 28 -> storm();
            case 29 -> {
                answers.await();
                open(dice.pick(vcpus), ByteString.EMPTY);
            }
            case 30 -> {
                answers.await();
                VcpuModel model = dice.pick(vcpus);
                open(model, model.token);
            }
            case 31 -> {
                answers.await();
                VcpuModel model = dice.pick(vcpus);
                send(AccessRequest.newBuilder().setClose(CloseVcpu.newBuilder().setVcpu(model.vcpu)));
                answers.closed(model);
                open(model, ByteString.EMPTY);
            }
            default -> mixed();
        }
    }

    /** Right and wrong rows, and marks of what has arrived. */
    private void mixed() {
        AccessColumns columns = begin();
        for (VcpuModel model : vcpus) {
            long through = answers.arrivedThrough(model);
            if (dice.chance(70) && through > model.received) {
                columns.batch.addReceivedVcpu(model.vcpu).addReceivedThrough(through);
                model.receivedThrough(through);
            }
        }
        int size = dice.chance(90) ? dice.between(1, 60) : dice.between(60, 2000);
        for (int i = 0; i < size && columns.rows() < MOST_ROWS; i++) {
            row(columns, dice.pick(vcpus));
        }
        if (columns.rows() == 0) {
            wrong(columns, notRun(), 1 + dice.below(9), AccessRow.any(dice), Errno.EINVAL);
        }
        rows += columns.rows();
        sendBatch(columns);
    }

    private AccessColumns begin() {
        AccessColumns columns = new AccessColumns(batchId++);
        columns.batch.setWantStatus(answers.wantStatus(dice));
        return columns;
    }

    private void sendBatch(AccessColumns columns) {
        wire.send(AccessRequest.newBuilder().setBatch(columns.build()).build());
    }

    private void row(AccessColumns columns, VcpuModel model) {
        AccessRow any = AccessRow.any(dice);
        switch (dice.below(16)) {
            case 0 -> wrong(columns, model.vcpu, model.next + dice.between(1, 5000), any, Errno.EINVAL);
            case 1 ->
                wrong(
                        columns,
                        model.vcpu,
                        dice.pick(0L, -1L, Long.MIN_VALUE, -dice.below(1000) - 1L),
                        any,
                        Errno.EINVAL);
            case 2 -> wrong(columns, notRun(), dice.pick(0L, 1L, 2L, dice.anyLong()), any, Errno.EINVAL);
            case 3 -> {
                if (model.received > 0) {
                    wrong(columns, model.vcpu, 1 + dice.below((int) model.received), any, Errno.ESTALE);
                }
            }
            case 4 -> resend(columns, model);
            case 5 -> {
                if (!model.known().isEmpty()) {
                    Map.Entry<Long, Used> known =
                            dice.pick(new ArrayList<>(model.known().entrySet()));
                    AccessRow other = known.getValue().row().changed(dice);
                    wrong(columns, model.vcpu, known.getKey(), other, Errno.EINVAL);
                }
            }
            case 6, 7, 8 -> next(columns, model, new Used(AccessRow.malformed(dice), Errno.EINVAL.number(), 0, false));
            default -> {
                if (scope == Scope.ANYTHING) {
                    next(columns, model, new Used(any, 0, 0, true));
                } else if (model.hasRoom()) {
                    next(columns, model, model.plain(scope == Scope.WRITING, dice));
                }
            }
        }
    }

    /** The next number, if the window has room for it; else it is refused and not used up. */
    private void next(AccessColumns columns, VcpuModel model, Used what) {
        if (!model.hasRoom()) {
            wrong(columns, model.vcpu, model.next, what.row(), Errno.EINVAL);
            return;
        }
        long sequence = model.use(what);
        columns.add(model.vcpu, sequence, what.row());
        answers.expect(model.vcpu, sequence, what);
    }

    private void wrong(AccessColumns columns, int vcpu, long sequence, AccessRow row, Errno errno) {
        columns.add(vcpu, sequence, row);
        answers.expect(vcpu, sequence, new Used(row, errno.number(), 0, false));
    }

    /** What has been answered is answered again, the same. */
    private void resend(AccessColumns columns, VcpuModel model) {
        int resent = 0;
        for (var known : model.known().entrySet()) {
            long sequence = known.getKey();
            Used what = known.getValue();
            if (!what.loose()
                    && resent < MOST_RESENT
                    && dice.chance(20)
                    && answers.nothingExpected(model.vcpu, sequence)) {
                columns.add(model.vcpu, sequence, what.row());
                answers.expect(model.vcpu, sequence, what);
                resent++;
            }
        }
    }

    /** 4,096 rows, none of them right. */
    private void storm() {
        AccessColumns columns = begin();
        VcpuModel model = dice.pick(vcpus);
        long start = model.next + 1 + dice.below(1 << 20);
        for (int i = 0; i < 4096; i++) {
            wrong(columns, model.vcpu, start + i, AccessRow.any(dice), Errno.EINVAL);
        }
        rows += columns.rows();
        sendBatch(columns);
    }

    private AccessColumns columns(int size) {
        AccessColumns columns = begin();
        for (int i = 0; i < size; i++) {
            VcpuModel model = dice.pick(vcpus);
            columns.add(model.vcpu, model.next + i, AccessRow.any(dice));
        }
        return columns;
    }

    private void rejected(io.trapline.v1.AccessBatch batch) {
        rows += batch.getSequenceCount();
        wire.send(AccessRequest.newBuilder().setBatch(batch).build());
        answers.expectRejected(batch.getBatchId());
    }

    private void wrongMarksInBatch() {
        VcpuModel model = dice.pick(vcpus);
        if (dice.chance(30)) {
            AccessColumns columns = columns(dice.below(5));
            columns.batch.addReceivedVcpu(model.vcpu);
            rejected(columns.build());
            return;
        }
        AccessColumns columns = begin();
        for (int i = dice.below(5); i > 0; i--) {
            row(columns, dice.pick(vcpus));
        }
        int vcpu = dice.chance(50) ? model.vcpu : notRun();
        columns.batch.addReceivedVcpu(vcpu).addReceivedThrough(ahead(model));
        answers.expectMarkRefused(vcpu);
        rows += columns.rows();
        sendBatch(columns);
    }

    private void wrongMarks() {
        VcpuModel model = dice.pick(vcpus);
        ReceivedThrough.Builder marks = ReceivedThrough.newBuilder();
        switch (dice.below(4)) {
            case 0, 1 -> {
                int vcpu = dice.chance(50) ? model.vcpu : notRun();
                send(AccessRequest.newBuilder().setReceived(marks.addVcpu(vcpu).addThrough(ahead(model))));
                answers.expectMarkRefused(vcpu);
                return;
            }
            case 2 -> marks.addThrough(0);
            default -> {
                for (int i = 0; i < 4097; i++) {
                    marks.addVcpu(model.vcpu).addThrough(0);
                }
            }
        }
        send(AccessRequest.newBuilder().setReceived(marks));
        answers.expectRejected(0);
    }

    private long ahead(VcpuModel model) {
        return dice.pick(model.next, model.next + 1 + dice.below(1000), -1L, Long.MAX_VALUE);
    }

    private void wrongOpen() {
        VcpuModel model = dice.pick(vcpus);
        OpenVcpu.Builder open =
                OpenVcpu.newBuilder().setDomid(domid).setVcpu(model.vcpu).setWindow(model.window);
        Errno errno = Errno.EINVAL;
        switch (dice.below(7)) {
            case 0 -> open.setVcpu((int) dice.above32(World.VCPUS - 1));
            case 1 -> open.setWindow((int) (dice.chance(30) ? 0 : dice.above32(1024)));
            case 2 -> {
                open.setToken(dice.bytes(dice.pick(1, 15, 16, 17, 5000)));
                errno = Errno.ESTALE;
            }
            case 3 -> open.setDomid(dice.pick(0, domid + 1, -1));
            case 4 -> {
                open.setDomainGeneration(dice.pick(1L, -1L, Long.MAX_VALUE));
                errno = Errno.ESRCH;
            }
            case 5 -> open.setToken(model.token).setReceivedThrough(ahead(model));
            default -> open.setToken(model.token).setWindow(model.window + 1);
        }
        send(AccessRequest.newBuilder().setOpen(open));
        answers.expectOpenRefused(open.getVcpu(), errno);
    }

    private int notRun() {
        return dice.pick(WINDOWS.length, World.VCPUS, 4095, 4096, -1, Integer.MIN_VALUE);
    }

    private void send(AccessRequest.Builder request) {
        rows++;
        wire.send(request.build());
    }

    /** After all of this a read of each vCPU's page gets what is there. */
    private void stillWorks() {
        answers.await();
        for (VcpuModel model : vcpus) {
            open(model, ByteString.EMPTY);
            AccessColumns columns = begin();
            Used read = model.plain(false, dice);
            next(columns, model, scope == Scope.ANYTHING ? new Used(read.row(), 0, 0, true) : read);
            sendBatch(columns);
        }
        answers.await();
    }
}
