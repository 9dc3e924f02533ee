package io.trapline.node.ioreq;

import io.trapline.model.Refusal;
import io.trapline.v1.AttachResponse;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An emulator's stream that writes down what it is told. */
final class RecordingOutlet implements EmulatorOutlet {
    final List<AttachResponse> sent = new CopyOnWriteArrayList<>();
    final AtomicInteger taken = new AtomicInteger();
    volatile boolean ready = true;
    volatile boolean finished;

    @Nullable
    volatile Refusal ended;

    @Override
    public boolean send(AttachResponse response) {
        sent.add(response);
        return ready;
    }

    @Override
    public void taken() {
        taken.incrementAndGet();
    }

    @Override
    public void takenRejected(AttachResponse response) {
        sent.add(response);
        taken.incrementAndGet();
    }

    @Override
    public void finish() {
        finished = true;
    }

    @Override
    public void end(Refusal why) {
        ended = why;
    }

    /** How many batches of ioreqs it was passed. */
    long batches() {
        return sent.stream().filter(AttachResponse::hasIoreqs).count();
    }

    AttachResponse last() {
        return sent.getLast();
    }
}
