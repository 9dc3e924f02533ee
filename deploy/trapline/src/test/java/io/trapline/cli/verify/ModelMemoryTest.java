package io.trapline.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.client.Access;
import io.trapline.model.Gpa;
import org.junit.jupiter.api.Test;

final class ModelMemoryTest {
    private final ModelMemory model = new ModelMemory();

    @Test
    void holdsWhatWasWrittenLastLowestByteFirst() {
        model.carryOut(Access.write(new Gpa(0x1000), 8, 0x8877665544332211L));

        assertThat(model.carryOut(Access.read(new Gpa(0x1000), 8))).isEqualTo(0x8877665544332211L);
        assertThat(model.carryOut(Access.read(new Gpa(0x1003), 2))).isEqualTo(0x5544);
        model.carryOut(Access.write(new Gpa(0x1001), 1, 0xfff));
        assertThat(model.get(0x1000, 4)).isEqualTo(0x4433ff11);
    }

    @Test
    void crossesPages() {
        // A2
        model.carryOut(Access.write(new Gpa(0x1ffd), 8, 0x8877665544332211L));

        assertThat(model.get(0x1ffd, 8)).isEqualTo(0x8877665544332211L);
        assertThat(model.get(0x2000, 2)).isEqualTo(0x5544);
    }

    @Test
    void repeatsInBothDirections() {
        // A1
        model.carryOut(Access.write(new Gpa(0x1000), 2, 0xabcd).repeated(3));
        model.carryOut(Access.write(new Gpa(0x2004), 2, 0x1234).repeated(3).descending());
        model.carryOut(Access.write(new Gpa(0x2000), 2, 0x5678));

        assertThat(model.get(0x1000, 8)).isEqualTo(0xabcdabcdabcdL);
        assertThat(model.get(0x2000, 8)).isEqualTo(0x123412345678L);
        assertThat(model.carryOut(Access.read(new Gpa(0x2004), 2).repeated(3).descending()))
                .isEqualTo(0x5678);
        assertThat(model.carryOut(Access.read(new Gpa(0x2000), 2).repeated(2))).isEqualTo(0x1234);
    }

    @Test
    void takesElementsFromABufferAndPutsThemThere() {
        // A1
        model.put(0x5000, 4, 0x11111111);
        model.put(0x5004, 4, 0x22222222);

        assertThat(model.carryOut(
                        Access.write(new Gpa(0x1000), 4, 0).repeated(2).buffer(new Gpa(0x5000))))
                .isZero();
        assertThat(model.get(0x1000, 8)).isEqualTo(0x2222222211111111L);

        model.carryOut(Access.read(new Gpa(0x1004), 4)
                .repeated(2)
                .buffer(new Gpa(0x6004))
                .descending());
        assertThat(model.get(0x6000, 8)).isEqualTo(0x2222222211111111L);
    }
}
