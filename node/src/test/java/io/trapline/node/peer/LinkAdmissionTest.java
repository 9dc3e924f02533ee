package io.trapline.node.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.peer.LinkAdmission.Hello;
import io.trapline.node.peer.LinkAdmission.Receiver;
import io.trapline.node.protocol.Life;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is accepted by whom (D-18). */
final class LinkAdmissionTest {
    @ParameterizedTest(name = "{0}")
    @DisplayName("D-18: a link is between two lives")
    @CsvSource(textBlock = """
            accepted,                              a, 1, b, 2, 10, 12, 1,
            another node at that address,          a, 1, c, 2, 10, 12, 1, EAGAIN
            an earlier life of the receiver meant, a, 1, b, 9, 10, 12, 1, ESTALE
            the sender has been replaced,          a, 1, b, 2, 10, 12, 3, ESTALE
            the sender is gone,                    a, 1, b, 2, 12, 12, 0, ESTALE
            the receiver lags,                     a, 1, b, 2, 13, 12, 3, EAGAIN
            the receiver has not heard of it,      a, 1, b, 2, 13, 12, 0, EAGAIN
            """)
    void decides(
            String why,
            String from,
            long fromLife,
            String to,
            long toLife,
            long senderRevision,
            long receiverRevision,
            long known,
            @Nullable Errno refusal) {
        Hello hello = new Hello(new Life(from, fromLife), new Life(to, toLife), senderRevision);

        assertThat(LinkAdmission.check(hello, new Receiver(new Life("b", 2), receiverRevision, known))
                        .map(Refusal::errno)
                        .orElse(null))
                .as(why)
                .isEqualTo(refusal);
    }
}
