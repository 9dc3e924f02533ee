package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("a coordinator whose name leads elsewhere is connected to anew")
@Timeout(120)
final class PeerAddressesTest {
    private static final Peer C2 = new Peer("c2", "host2", 1, "");

    private final Map<String, Set<String>> known = new ConcurrentHashMap<>(Map.of("host2", Set.of("10.0.0.2")));
    private final Phaser lookups = new Phaser(1);
    private final BlockingQueue<String> moved = new LinkedBlockingQueue<>();

    private final PeerAddresses addresses = new PeerAddresses(this::lookUp, Duration.ofMillis(1), moved::add);

    private Set<String> lookUp(String host) throws UnknownHostException {
        Set<String> there = known.get(host);
        lookups.arrive();
        if (there == null) {
            throw new UnknownHostException(host);
        }
        return there;
    }

    /** Until it has been looked up twice: once at least after what was before this. */
    private void awaitLookups() {
        for (int i = 0; i < 2; i++) {
            lookups.awaitAdvance(lookups.getPhase());
        }
    }

    @Test
    void saysSoOnceForEachChange() throws Exception {
        addresses.follow(List.of(C2));
        awaitLookups();
        assertThat(moved).isEmpty();

        known.put("host2", Set.of("10.0.0.3"));
        assertThat(moved.poll(60, TimeUnit.SECONDS)).isEqualTo("c2");
        awaitLookups();
        assertThat(moved).isEmpty();

        addresses.close();
    }

    @Test
    void aNameThatNobodyKnowsForAWhileHasNotChanged() throws Exception {
        addresses.follow(List.of(C2));
        awaitLookups();
        known.remove("host2");
        awaitLookups();
        known.put("host2", Set.of("10.0.0.2"));
        awaitLookups();
        assertThat(moved).isEmpty();

        known.remove("host2");
        awaitLookups();
        known.put("host2", Set.of("10.0.0.3"));
        assertThat(moved.poll(60, TimeUnit.SECONDS)).isEqualTo("c2");

        addresses.close();
    }
}
