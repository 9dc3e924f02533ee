package io.trapline.node.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.node.guest.VcpuStreams.Came;
import io.trapline.node.guest.VcpuStreams.Resumed;
import io.trapline.node.p2m.ShardMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class VcpuStreamsTest implements VcpuWindow.Effects {
    private static final int VCPU = 1;
    private static final long EPOCH = 33;
    private static final int WINDOW = 4;
    private static final ShardMap ONE_SHARD = new ShardMap(new long[] {0, 1 << 18});

    private final VcpuStreams<String, Open> vcpus = new VcpuStreams<>(3);

    private static final class Open extends VcpuStreams.Opened<String> {
        Open(int vcpu, long epoch, long revision, String stream) {
            super(new VcpuWindow(vcpu, epoch, WINDOW, ONE_SHARD), revision, stream);
        }
    }

    @Override
    public void send(
            int shard,
            int vcpu,
            long epoch,
            long sequence,
            byte attributes,
            long address,
            long data,
            int count,
            int window,
            long deadlineNanos) {}

    @Override
    public void answer(int vcpu, long sequence, long data, byte errno) {}

    private Open opened(String stream) {
        Open open = new Open(VCPU, EPOCH, EPOCH, stream);
        vcpus.put(open);
        return open;
    }

    /** Accesses 1 … through are answered. */
    private void answer(Open open, int through) {
        for (int sequence = 1; sequence <= through; sequence++) {
            open.window.offer(sequence, AccessAttributes.of(8, true, AccessAttributes.MEM), 0, 1, 1, 1_000, false);
            open.window.pump(this);
            open.window.answered(0, sequence, 0, Errno.OK, this);
        }
    }

    @Test
    @DisplayName("A6: the stream from which another one takes a vCPU over is to be ended, the one that has it is not")
    void endsTheStreamThatIsLeft() {
        Open open = opened("first");

        assertThat(vcpus.resume("second", VCPU, true, 0, 0)).isEqualTo(Resumed.GOES_ON);
        assertThat(vcpus.run(open, "second")).isEqualTo("first");
        assertThat(vcpus.run(open, "second")).isNull();
        assertThat(vcpus.runBy("second", VCPU)).isSameAs(open);
        assertThat(vcpus.runsAny("first")).isFalse();
    }

    @Test
    @DisplayName("D-16: so is the stream of a guest that is said to have come from elsewhere, and was here before")
    void endsTheStreamOfWhoComesBack() {
        opened("first");

        assertThat(vcpus.came(VCPU, EPOCH, EPOCH + 4, false)).isEqualTo(Came.RUNS);
        assertThat(vcpus.put(new Open(VCPU, EPOCH, EPOCH + 4, "second"))).isEqualTo("first");
        assertThat(vcpus.put(new Open(VCPU, EPOCH, EPOCH + 6, "second"))).isNull();
        assertThat(vcpus.all()).hasSize(1);
    }

    @Test
    @DisplayName("D-16: a guest that has come again since is not taken from the stream that it has")
    void leavesItToTheLaterStream() {
        opened("later");

        assertThat(vcpus.came(VCPU, EPOCH, EPOCH + 1, true)).isEqualTo(Came.OVERTAKEN);
        assertThat(vcpus.came(VCPU, EPOCH + 2, EPOCH + 2, true)).isEqualTo(Came.RUNS);
    }

    @Test
    @DisplayName("A6: whoever opens it fences those before, and those whose opening is heard of later")
    void fencesOlderEpochs() {
        Open older = opened("older");

        assertThat(vcpus.fence(VCPU, EPOCH)).isNull();
        assertThat(vcpus.fence(VCPU, EPOCH + 1)).isSameAs(older);
        assertThat(vcpus.get(VCPU)).isNull();
        assertThat(vcpus.came(VCPU, EPOCH, EPOCH, false)).isEqualTo(Came.FENCED);
        assertThat(vcpus.resume("older", VCPU, false, 0, 0)).isEqualTo(Resumed.MOVES);
    }

    @Test
    @DisplayName("D-16: a guest that has gone on elsewhere is let go, unless it has come back since")
    void letsGoWhoHasLeft() {
        Open open = opened("first");

        assertThat(vcpus.left(VCPU, EPOCH)).isNull();
        assertThat(vcpus.left(VCPU, EPOCH + 1)).isSameAs(open);
        assertThat(vcpus.came(VCPU, EPOCH, EPOCH + 1, false)).isEqualTo(Came.FENCED);
        assertThat(vcpus.came(VCPU, EPOCH, EPOCH + 2, false)).isEqualTo(Came.RUNS);
    }

    @Test
    @DisplayName("A4, D-20: what a guest shows decides whether it goes on here, elsewhere, or not at all")
    void looksAtWhatIsShown() {
        Open open = opened("stream");
        answer(open, 2);

        assertThat(vcpus.resume("other", VCPU, true, 0, -1)).isEqualTo(Resumed.AHEAD);
        assertThat(vcpus.resume("other", VCPU, false, 0, 0)).isEqualTo(Resumed.FENCED);
        assertThat(vcpus.resume("other", VCPU, true, WINDOW + 1, 0)).isEqualTo(Resumed.OTHER_WINDOW);
        assertThat(vcpus.resume("other", VCPU, true, WINDOW, 3)).isEqualTo(Resumed.MOVES);
        assertThat(vcpus.resume("stream", VCPU, true, 0, 3)).isEqualTo(Resumed.AHEAD);
        assertThat(vcpus.resume("stream", VCPU, true, 0, 2)).isEqualTo(Resumed.GOES_ON);
        assertThat(vcpus.resume("other", 0, true, 0, 0)).as("not open").isEqualTo(Resumed.MOVES);
    }

    @Test
    @DisplayName("A6: the window of a guest that is away waits for it")
    void waitsForWhoIsAway() {
        Open open = opened("stream");

        vcpus.gone("another");
        assertThat(open.stream()).isEqualTo("stream");
        vcpus.gone("stream");
        assertThat(open.stream()).isNull();
        assertThat(vcpus.get(VCPU)).isSameAs(open);
        assertThat(vcpus.run(open, "next")).isNull();
    }

    @Test
    void hasThemByTheirNumbers() {
        Open second = new Open(2, EPOCH, EPOCH, "stream");
        Open first = new Open(0, EPOCH, EPOCH, "stream");
        vcpus.put(second);
        vcpus.put(first);

        assertThat(vcpus.all()).containsExactly(first, second);
        assertThat(vcpus.remove(2)).isSameAs(second);
        assertThat(vcpus.all()).containsExactly(first);
        assertThat(vcpus.get(-1)).isNull();
        assertThat(vcpus.get(3)).isNull();
    }
}
