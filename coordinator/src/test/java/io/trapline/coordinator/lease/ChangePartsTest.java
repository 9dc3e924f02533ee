package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ServerName;
import io.trapline.v1.Claim;
import io.trapline.v1.Domain;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-13: a large change comes in parts")
final class ChangePartsTest {
    private static final int BYTES = 500;

    private static RegistryChange large() {
        RegistryChange.Builder change =
                RegistryChange.newBuilder().setRevision(1L << 48 | 7).setSnapshot(true);
        for (int i = 1; i <= 200; i++) {
            change.addDomains(DomainRecord.newBuilder()
                            .setDomain(Domain.newBuilder().setDomid(i).setGeneration(i)))
                    .addRemovedDomains(1_000 + i)
                    .addRemovedServers(ServerName.newBuilder().setDomid(i).setId(1))
                    .addClaims(Claim.newBuilder().setDomid(i).setPrincipal("p".repeat(i)))
                    .addEndedDrains(-i)
                    .addSessions(Long.MAX_VALUE - i);
        }
        return change.build();
    }

    @Test
    void leavesASmallChangeAsItIs() {
        RegistryChange small =
                RegistryChange.newBuilder().setRevision(7).addRemovedDomains(3).build();

        assertThat(ChangeParts.of(small, BYTES)).containsExactly(small);
    }

    @Test
    void isTheSameAgainWhenItIsPutTogether() {
        RegistryChange change = large();

        List<RegistryChange> parts = ChangeParts.of(change, BYTES);

        assertThat(parts).hasSizeGreaterThan(10).allSatisfy(part -> {
            assertThat(part.getSerializedSize()).isLessThanOrEqualTo(BYTES);
            assertThat(part.getRevision()).isEqualTo(change.getRevision());
            assertThat(part.getSnapshot()).isTrue();
        });
        assertThat(parts.subList(0, parts.size() - 1)).allMatch(RegistryChange::getMore);
        assertThat(parts.getLast().getMore()).isFalse();
        RegistryChange.Builder whole = RegistryChange.newBuilder();
        parts.forEach(whole::mergeFrom);
        assertThat(whole.clearMore().build()).isEqualTo(change);
    }

    @Test
    void sendsWhatIsLargerByItselfAlone() {
        RegistryChange change = RegistryChange.newBuilder()
                .addClaims(Claim.newBuilder().setPrincipal("p".repeat(2 * BYTES)))
                .addClaims(Claim.newBuilder().setDomid(1))
                .build();

        assertThat(ChangeParts.of(change, BYTES))
                .extracting(RegistryChange::getClaimsCount)
                .containsExactly(1, 1);
    }
}
