package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("F3: posted writes")
final class PostedWritesTest {
    private static Row[] posted(int vcpu, int rows, int sizeBytes) {
        Row[] all = new Row[rows];
        for (int i = 0; i < rows; i++) {
            all[i] = Row.of(vcpu, i + 1).size(sizeBytes).post();
        }
        return all;
    }

    @Test
    @DisplayName(
            "F6: what is behind a posted write that is not answered is passed on for a window and the posted ring, so that kept answers have a bound")
    void passesNothingTooFarBehindAPostedWrite() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 1000);
        scene.forward(Row.of(0, 1).window(1).post());
        for (long sequence = 2; sequence <= 512; sequence++) {
            scene.forward(Row.of(0, sequence).window(1));
            scene.answer(Row.of(0, sequence));
        }
        scene.take();

        scene.forward(Row.of(0, 513).window(1));
        assertThat(scene.take()).isEmpty();
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("done v0#1", "ioreqs v0#513");
    }

    @Test
    @DisplayName("F6, A2: of a cut access only the first part is passed on while a posted write before it is out")
    void passesNoFurtherPartBehindAPostedWrite() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 1000);
        scene.forward(Row.of(0, 1).post(), Row.of(0, 2));
        scene.answer(Row.of(0, 2));
        scene.take();

        scene.forward(Row.of(0, 2).part(1));
        assertThat(scene.take()).isEmpty();
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("done v0#1", "ioreqs v0#2.1");
    }

    @Test
    void takesEffectWhenQueuedAndIsDoneWhenAnswered() {
        ServerScene scene = ServerScene.buffering();
        scene.forward(Row.of(0, 1).post());
        assertThat(scene.take()).containsExactly("queued v0#1");
        assertThat(scene.rules.counters().postedWaiting()).isEqualTo(1);

        scene.attach(ServerScene.RUN, 10);
        assertThat(scene.take()).containsExactly("attached 11", "ioreqs v0#1+");
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("done v0#1");
        assertThat(scene.rules.counters().postedWaiting()).isZero();
    }

    @Test
    void goesTheSynchronousWayWhereTheServerDoesNotBuffer() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).post());
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("ioreqs v0#1", "completed v0#1=0");
    }

    @ParameterizedTest(name = "{1} of {0} bytes")
    @CsvSource({"1, 511", "2, 511", "4, 511", "8, 255"})
    void atMost511WaitAndEightBytesCountDouble(int sizeBytes, int most) {
        ServerScene scene = ServerScene.buffering();
        scene.forward(posted(0, most, sizeBytes));
        scene.take();
        assertThat(scene.rules.counters().postedWaiting()).isEqualTo(sizeBytes == 8 ? 510 : 511);

        Row over = Row.of(0, most + 1).size(sizeBytes).post();
        scene.forward(over);
        assertThat(scene.take()).isEmpty();
        scene.attach(ServerScene.RUN, 1000);

        assertThat(scene.take().get(1)).contains(" v0#" + most + "+").endsWith(" v0#" + (most + 1));
        scene.answer(over);
        assertThat(scene.take()).containsExactly("completed " + over + "=0");
    }

    @Test
    void anEightByteWriteFindsNoRoomWhereAFourByteOneDoes() {
        ServerScene scene = ServerScene.buffering();
        scene.forward(posted(0, 510, 4));
        scene.take();

        scene.forward(Row.of(1, 1).size(8).post(), Row.of(2, 1).size(4).post());

        assertThat(scene.take()).containsExactly("queued v2#1");
    }

    @Test
    @DisplayName("F3: a vCPU's posted writes reach the emulator before any later request of it")
    void reachTheEmulatorBeforeLaterRequests() {
        ServerScene scene = ServerScene.buffering();
        scene.forward(Row.of(0, 1).post(), Row.of(0, 2), Row.of(0, 3).post(), Row.of(0, 4));

        scene.attach(ServerScene.RUN, 2);
        scene.take();
        scene.answer(Row.of(0, 1), Row.of(0, 2));

        assertThat(scene.take()).containsExactly("completed v0#2=0", "done v0#1", "ioreqs v0#3+ v0#4");
    }

    @Test
    @DisplayName("F3: nor do they overtake an earlier request that waits for its slot")
    void doNotOvertakeAnEarlierRequest() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 100);
        scene.forward(Row.of(0, 1).window(1));
        scene.take();
        scene.forward(Row.of(0, 2).window(1), Row.of(0, 3).window(1).post());
        assertThat(scene.take()).containsExactly("queued v0#3");

        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("completed v0#1=0", "ioreqs v0#2 v0#3+");
    }

    @Test
    @DisplayName("F3: a posted write is not dropped for its age before it is delivered, since it has taken effect")
    void isNeverDroppedForItsAge() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 100);
        scene.streamIsReady = false;
        scene.forward(Row.of(1, 1));
        scene.forward(Row.of(0, 1).post().within(10));
        scene.take();

        scene.after(60_000);
        assertThat(scene.take()).containsExactly("completed v1#1:ETIMEDOUT");
        scene.streamIsReady = true;
        scene.rules.ready(scene.now, scene.session);

        assertThat(scene.take()).containsExactly("ioreqs v0#1+");
    }

    @Test
    @DisplayName("F4: a posted write that was delivered is done with after the server's timeout")
    void timesOutOnceItIsDelivered() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 100);
        scene.forward(Row.of(0, 1).post());
        scene.take();

        scene.after(4_999);
        assertThat(scene.take()).isEmpty();
        scene.after(1);
        assertThat(scene.take()).containsExactly("done v0#1");
        assertThat(scene.rules.counters().timedOut()).isEqualTo(1);

        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).isEmpty();
        assertThat(scene.rules.counters().refusedAnswers()).isEqualTo(1);
    }

    @Test
    @DisplayName("A6: posted writes outlive their vCPU's epoch, and the newer one waits for them")
    void outliveTheEpochOfTheirVcpu() {
        ServerScene scene = ServerScene.buffering();
        scene.forward(Row.of(0, 1).post(), Row.of(0, 2));
        scene.attach(ServerScene.RUN, 1);
        scene.open(0, 9);
        scene.take();
        scene.rules.addCredit(scene.now, scene.session, 10);
        scene.forward(Row.of(0, 1).epoch(9));
        assertThat(scene.take()).isEmpty();

        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("done v0#1", "ioreqs v0@9#1");
    }

    @Test
    @DisplayName("F5: one that comes from another server is taken whatever its epoch and however many wait")
    void takesWhatTookEffectElsewhere() {
        ServerScene scene = ServerScene.buffering();
        scene.open(0, 9);
        scene.forward(posted(1, 511, 4));
        scene.take();

        Row moved = Row.of(0, 3).post().within(Row.FOR_EVER);
        scene.forward(moved);
        assertThat(scene.take()).containsExactly("queued v0#3");
        scene.after(100_000);
        assertThat(scene.take()).isEmpty();

        scene.attach(ServerScene.RUN, 1000);
        scene.answer(moved);
        assertThat(scene.take()).endsWith("done v0#3");
    }

    @Test
    @DisplayName(
            "F3, F5: its emulator must know that it is posted, since it may come behind settled marks and newer epochs")
    void whatTookEffectElsewhereIsMarkedAlsoWhereTheServerDoesNotBuffer() {
        ServerScene scene = ServerScene.attached();

        scene.forward(Row.of(0, 3).post().within(Row.FOR_EVER));

        assertThat(scene.take()).containsExactly("queued v0#3", "ioreqs v0#3+");
    }

    @Test
    void findsRowsByKeyAsAMapDoes() {
        SplittableRandom random = new SplittableRandom(17);
        IoreqTable table = new IoreqTable();
        PostedRing ring = new PostedRing(table);
        Map<String, Integer> model = new HashMap<>();
        List<Integer> rows = new ArrayList<>();
        for (int step = 0; step < 50_000; step++) {
            if (rows.size() < 3000 && random.nextInt(step % 1000 < 500 ? 4 : 3) != 0) {
                int row = table.take();
                table.vcpu[row] = random.nextInt(3);
                table.sequence[row] = random.nextInt(2000);
                table.vcpuEpoch[row] = random.nextInt(2);
                table.part[row] = random.nextInt(2);
                if (model.putIfAbsent(key(table, row), row) == null) {
                    ring.add(row);
                    rows.add(row);
                } else {
                    table.free(row);
                }
            } else if (!rows.isEmpty()) {
                int row = rows.remove(/* index */ random.nextInt(rows.size()));
                model.remove(key(table, row));
                ring.remove(row);
                table.free(row);
            }
            int vcpu = random.nextInt(3);
            int epoch = random.nextInt(2);
            int sequence = random.nextInt(2000);
            int part = random.nextInt(2);
            assertThat(ring.find(vcpu, epoch, sequence, part))
                    .isEqualTo(model.getOrDefault(vcpu + " " + epoch + " " + sequence + " " + part, IoreqTable.NONE));
        }
        assertThat(ring.waiting()).isEqualTo(rows.size());
    }

    private static String key(IoreqTable table, int row) {
        return table.vcpu[row] + " " + table.vcpuEpoch[row] + " " + table.sequence[row] + " " + table.part[row];
    }
}
