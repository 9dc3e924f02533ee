package io.trapline.node.shard;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Life;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.AccessRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the guests of vCPUs are, as far as one shard has heard from them: they are answered there. What a guest's earlier node passes on after the guest has
 * been heard of from its later one is not taken: the guest sends again, there, whatever it has no answer for.
 */
@Pure
public final class Gateways {
    private long[] revision = new long[1];
    private @Nullable Life[] life = new Life[1];

    /** Takes the rows of guests that are at {@code from}; of others the rest. */
    public AccessRows take(Life from, AccessRows rows) {
        int all = rows.size();
        for (int i = 0; i < all; i++) {
            if (!isAt(from, rows.vcpu(i), rows.gatewayRevision(i))) {
                return without(from, rows);
            }
        }
        return rows;
    }

    private AccessRows without(Life from, AccessRows rows) {
        AccessRows taken = new AccessRows(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            if (isAt(from, rows.vcpu(i), rows.gatewayRevision(i))) {
                taken.add(rows, i);
            }
        }
        return taken;
    }

    private boolean isAt(Life from, int vcpu, long since) {
        if (vcpu >= revision.length) {
            int length = Math.max(vcpu + 1, 2 * revision.length);
            revision = Arrays.copyOf(revision, length);
            life = Arrays.copyOf(life, length);
        }
        if (since > revision[vcpu]) {
            revision[vcpu] = since;
            life[vcpu] = from;
        }
        return since == revision[vcpu];
    }

    /** Where that vCPU's guest is; null before it was heard of. */
    @Nullable
    public Life of(int vcpu) {
        return vcpu < life.length ? life[vcpu] : null;
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        revision = image.of(revision);
        List<Optional<Life>> lives = new ArrayList<>();
        Arrays.stream(life).map(Optional::ofNullable).forEach(lives::add);
        image.each(
                lives,
                at -> {
                    image.of(at.map(Life::node).orElse(""));
                    image.of(at.map(Life::incarnation).orElse(0L));
                },
                () -> {
                    String node = image.of("");
                    long incarnation = image.of(0L);
                    return node.isEmpty() ? Optional.empty() : Optional.of(new Life(node, incarnation));
                });
        life = lives.stream().map(at -> at.orElse(null)).toArray(Life[]::new);
    }
}
