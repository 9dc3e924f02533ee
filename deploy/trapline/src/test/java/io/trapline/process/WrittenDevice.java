package io.trapline.process;

import io.trapline.client.DeviceModel;
import io.trapline.client.Ioreq;
import java.util.ArrayList;
import java.util.List;

/** A device that writes down what is written to it. */
final class WrittenDevice implements DeviceModel {
    private final List<Long> written = new ArrayList<>();

    @Override
    public synchronized void write(Ioreq ioreq) {
        written.add(ioreq.data());
    }

    @Override
    public long read(Ioreq ioreq) {
        return 0;
    }

    synchronized List<Long> order() {
        return List.copyOf(written);
    }
}
