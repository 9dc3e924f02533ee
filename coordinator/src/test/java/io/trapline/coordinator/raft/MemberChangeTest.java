package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.raft.MemberChange.Asked;
import io.trapline.coordinator.raft.MemberChange.Become;
import io.trapline.coordinator.raft.MemberChange.Decision;
import io.trapline.coordinator.raft.MemberChange.Done;
import io.trapline.coordinator.raft.MemberChange.Known;
import io.trapline.coordinator.raft.MemberChange.Refuse;
import io.trapline.coordinator.raft.MemberChange.StepDown;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("V-1: who is a coordinator, and what an id that was used is not used for")
final class MemberChangeTest {
    private static final Known NOTHING = new Known(Set.of(), Map.of());
    private static final List<Peer> THREE = List.of(peer(1), peer(2), peer(3));

    private static Peer peer(int number) {
        return new Peer("c" + number, "127.0.0." + number, 7421, "127.0.0." + number + ":7420");
    }

    private static Decision replace(String leader, List<Peer> current, Known known, String old, Peer... added) {
        return MemberChange.decide(leader, current, known, new Asked(Optional.of(old), Arrays.asList(added)));
    }

    private static Decision add(List<Peer> current, Known known, Peer... added) {
        return MemberChange.decide("c1", current, known, new Asked(Optional.empty(), Arrays.asList(added)));
    }

    private static Refusal refused(Errno errno, Decision decision) {
        assertThat(decision).isInstanceOf(Refuse.class);
        Refusal why = ((Refuse) decision).why();
        assertThat(why.errno()).isEqualTo(errno);
        return why;
    }

    @Test
    void letsOneInForOneThatIsLost() {
        assertThat(replace("c1", THREE, NOTHING, "c3", peer(4)))
                .isEqualTo(new Become(List.of(peer(1), peer(2), peer(4))));
    }

    @Test
    void goesOnWithWhatWasBegun() {
        Known begun = new Known(Set.of("c1", "c2", "c3"), Map.of("c1", "", "c2", "", "c3", "", "c4", "c3"));

        assertThat(replace("c1", THREE, begun, "c3", peer(4)))
                .isEqualTo(new Become(List.of(peer(1), peer(2), peer(4))));
        assertThat(replace("c1", List.of(peer(1), peer(2), peer(4)), begun, "c3", peer(4)))
                .isEqualTo(new Done());
    }

    @Test
    void saysThatSomethingElseIsNotDone() {
        List<Peer> current = List.of(peer(1), peer(2), peer(4));
        Known known = new Known(Set.of("c1", "c2", "c3"), Map.of("c4", "c3"));

        assertThat(refused(Errno.ENOENT, replace("c1", current, known, "c3", peer(5)))
                        .message())
                .contains("c3", "c1, c2, c4");
        refused(Errno.ENOENT, replace("c1", current, known, "c9", peer(4)));
        refused(Errno.EEXIST, add(current, known, peer(4)));
    }

    @Test
    void refusesAnIdThatWasUsed() {
        Known used = new Known(Set.of("c1", "c2", "c3", "c4"), Map.of("c4", ""));

        assertThat(refused(Errno.EEXIST, replace("c1", THREE, used, "c3", peer(4)))
                        .metadata())
                .containsEntry("value", "c4");
        refused(Errno.EEXIST, replace("c1", THREE, NOTHING, "c3", peer(2)));
        refused(Errno.EEXIST, replace("c1", THREE, NOTHING, "c3", peer(3)));
    }

    @Test
    void letsAnotherOneLeadBeforeTheLeaderGoes() {
        assertThat(replace("c3", THREE, NOTHING, "c3", peer(4))).isEqualTo(new StepDown());
        refused(Errno.EINVAL, replace("c1", List.of(peer(1)), NOTHING, "c1", peer(4)));
    }

    @Test
    void growsToThreeAndFiveOnly() {
        List<Peer> one = List.of(peer(1));

        assertThat(add(one, NOTHING, peer(2), peer(3))).isEqualTo(new Become(List.of(peer(1), peer(2))));
        assertThat(add(THREE, NOTHING, peer(4), peer(5)))
                .isEqualTo(new Become(List.of(peer(1), peer(2), peer(3), peer(4), peer(5))));
        refused(Errno.EINVAL, add(one, NOTHING, peer(2)));
        refused(Errno.EINVAL, add(THREE, NOTHING, peer(4)));
        refused(Errno.EINVAL, add(THREE, NOTHING));
        refused(Errno.EINVAL, replace("c1", THREE, NOTHING, "c3", peer(4), peer(5)));
    }

    @Test
    void letsFewerInAtOnceThanThereAre() {
        Known known = new Known(Set.of("c1", "c2"), Map.of("c2", "", "c3", "", "c4", "", "c5", ""));
        Peer[] four = {peer(2), peer(3), peer(4), peer(5)};

        assertThat(add(List.of(peer(1)), NOTHING, four)).isEqualTo(new Become(List.of(peer(1), peer(2))));
        assertThat(add(List.of(peer(1), peer(2)), known, four)).isEqualTo(new Become(THREE));
        assertThat(add(THREE, known, four)).isEqualTo(new Become(List.of(peer(1), peer(2), peer(3), peer(4), peer(5))));
        assertThat(add(List.of(peer(1), peer(2), peer(3), peer(4), peer(5)), known, four))
                .isEqualTo(new Done());
        assertThat(add(List.of(peer(1), peer(2)), known, peer(2), peer(3)))
                .as("the same call again, after the leader's end between the two")
                .isEqualTo(new Become(THREE));
    }

    @Test
    void refusesAnAddressOrIdTwice() {
        Peer sameRaft = new Peer("c4", "127.0.0.1", 7421, "127.0.0.4:7420");
        Peer sameServices = new Peer("c4", "127.0.0.4", 7421, "127.0.0.1:7420");
        Peer itself = new Peer("c4", "127.0.0.4", 7420, "127.0.0.4:7420");

        for (Peer wrong : List.of(sameRaft, sameServices, itself)) {
            refused(Errno.EEXIST, replace("c1", THREE, NOTHING, "c3", wrong));
        }
        refused(Errno.EEXIST, add(List.of(peer(1)), NOTHING, peer(2), peer(2)));
        assertThat(replace("c1", THREE, NOTHING, "c3", new Peer("c4", "127.0.0.3", 7421, "127.0.0.3:7420")))
                .as("the place of the one that goes")
                .isInstanceOf(Become.class);
    }
}
