package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Acknowledgements stay in order (rule 0). */
final class AppliedQueueTest {
    private final AppliedQueue<String> queue = new AppliedQueue<>();

    @Test
    void aChangeIsTakenWhenNothingOfItIsOwed() {
        AppliedQueue.Entry<String> entry = queue.begin(5, "session");
        entry.owe();
        entry.done();
        assertThat(queue.take()).isNull();
        entry.done();
        assertThat(queue.take()).isSameAs(entry);
        assertThat(entry.revision()).isEqualTo(5);
        assertThat(queue.take()).isNull();
    }

    @Test
    void aLaterChangeWaitsForTheEarlierOne() {
        AppliedQueue.Entry<String> earlier = queue.begin(5, "session");
        AppliedQueue.Entry<String> later = queue.begin(6, "session");
        later.done();
        assertThat(queue.take()).isNull();
        earlier.done();
        assertThat(queue.take()).isSameAs(earlier);
        assertThat(queue.take()).isSameAs(later);
    }
}
