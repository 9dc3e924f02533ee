package io.trapline.sim.check;

import io.trapline.model.IoreqAttributes;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.registry.DomainView;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What calls that have returned have promised (rule 0): which claims certainly stand, which certainly do not, which sessions and vCPU streams are certainly
 * fenced. What a call that has not returned will change is uncertain meanwhile, and nothing is said of it.
 */
public final class Promises {
    /** What is promised at a moment; does not change once it was {@link #now taken}. */
    public static final class Moment {
        private final int[] uncertainTypes;
        private final int[] uncertainServers;
        private final Map<Integer, Long> vcpuEpochs;
        private int uncertainPause;
        private @Nullable DomainView domain;

        private Moment(
                int[] uncertainTypes,
                int[] uncertainServers,
                Map<Integer, Long> vcpuEpochs,
                int uncertainPause,
                @Nullable DomainView domain) {
            this.uncertainTypes = uncertainTypes;
            this.uncertainServers = uncertainServers;
            this.vcpuEpochs = vcpuEpochs;
            this.uncertainPause = uncertainPause;
            this.domain = domain;
        }

        private Moment copy() {
            return new Moment(
                    uncertainTypes.clone(),
                    uncertainServers.clone(),
                    new HashMap<>(vcpuEpochs),
                    uncertainPause,
                    domain);
        }
    }

    private final Map<Long, Long> sessions = new HashMap<>();
    private final TypePromises types = new TypePromises();
    private Moment live = new Moment(new int[16], new int[64], new HashMap<>(), 0, null);
    /** What is looked at: {@link #live}, or what was at an earlier moment. */
    private Moment seen = live;

    private boolean isTaken;

    /** What is promised now. */
    public Moment now() {
        isTaken = true;
        return live;
    }

    /** Something is judged by what was promised when it was done: others hear of it later. */
    public void asOf(Moment moment, Runnable step) {
        seen = moment;
        try {
            step.run();
        } finally {
            seen = live;
        }
    }

    private Moment changes() {
        if (isTaken) {
            live = live.copy();
            seen = live;
            isTaken = false;
        }
        return live;
    }

    /** The domain as the registry has it now. */
    public void registry(DomainView now) {
        changes().domain = now;
    }

    /** The domain as the registry has it now; empty before it is there. */
    public Optional<DomainView> registry() {
        return Optional.ofNullable(live.domain);
    }

    /** Of calls that change the types of pages. */
    public TypePromises types() {
        return types;
    }

    /** A call begins that claims or releases {@code ioreq_server[x]}. */
    public void changing(int x) {
        changes().uncertainTypes[x]++;
    }

    /** It has returned. */
    public void changed(int x) {
        changes().uncertainTypes[x]--;
    }

    /** A call begins that enables, disables or destroys a server or changes its ranges. */
    public void changingServer(int id) {
        changes().uncertainServers[id]++;
    }

    /** It has returned. */
    public void changedServer(int id) {
        changes().uncertainServers[id]--;
    }

    /** A call begins that pauses or unpauses the domain. */
    public void pausing() {
        changes().uncertainPause++;
    }

    /** It has returned. */
    public void paused() {
        changes().uncertainPause--;
    }

    /** The call has returned that opened the vCPU under that epoch. */
    public void opened(int vcpu, long epoch) {
        changes().vcpuEpochs.merge(vcpu, epoch, Math::max);
    }

    /** The call has returned that began a session at the server of that generation. */
    public void attached(long generation, long sessionEpoch) {
        sessions.merge(generation, sessionEpoch, Math::max);
    }

    /** A6: a stream of a vCPU does something. */
    public void mayGoOn(int vcpu, long epoch) {
        if (isFenced(vcpu, epoch)) {
            throw new Violation("A6", "the stream of vCPU %d under epoch %d goes on after a newer one", vcpu, epoch);
        }
    }

    /** A6: whether a stream of that vCPU is certainly fenced. */
    boolean isFenced(int vcpu, long epoch) {
        return seen.vcpuEpochs.getOrDefault(vcpu, 0L) > epoch;
    }

    /** S5: whether a session is certainly fenced. */
    boolean isSessionFenced(long generation, long sessionEpoch) {
        return sessions.getOrDefault(generation, 0L) > sessionEpoch;
    }

    /** D1, A6, C4: whether an access may take effect on a page of {@code ioreq_server[x]} now, or (x = -1) of another type. */
    void mayBeCarriedOut(GuestAccess access, int x) {
        if (isFenced(access.key.vcpu(), access.key.epoch())) {
            throw new Violation("A6", "%s takes effect after its vCPU was opened anew", access);
        }
        mustRun(access.toString());
        if (x >= 0) {
            mayBePlain(access.toString(), x, access.isWrite());
        }
    }

    /** C4: nothing that a claim takes goes to the page any more. */
    void mayBePlain(String what, int x, boolean write) {
        DomainView now = seen.domain;
        if (now == null || seen.uncertainTypes[x] > 0) {
            return;
        }
        int holder = now.table().claimant(x, write);
        if (holder != DecisionTable.NONE && seen.uncertainServers[holder] == 0) {
            throw new Violation("C4", "%s goes to a page of a type that server %d has claimed", what, holder);
        }
    }

    /** C4, S2, R2: nothing goes to a server for a type that it does not hold any more, nor by a range that it has not. */
    void mayBePassed(GuestAccess access, int server, int x, long address, int count, int attributes) {
        DomainView now = seen.domain;
        if (now == null || seen.uncertainServers[server] > 0) {
            return;
        }
        if (x >= 0 && seen.uncertainTypes[x] == 0 && now.table().claimant(x, access.isWrite()) != server) {
            throw new Violation(
                    "C4", "%s is passed to server %d, which holds ioreq_server[%d] no more", access, server, x);
        }
        Optional<ServerView> view =
                now.servers().stream().filter(other -> other.id() == server).findFirst();
        if (x < 0 && !view.map(ServerView::enabled).orElse(false)) {
            throw new Violation("S2", "%s is passed to server %d, which is disabled", access, server);
        }
        if (x < 0 && !view.map(of -> hasRange(of, address, count, attributes)).orElse(false)) {
            throw new Violation("R2", "%s is passed to server %d, which has no such range", access, server);
        }
    }

    private static boolean hasRange(ServerView server, long address, int count, int attributes) {
        long sizeBytes = IoreqAttributes.sizeBytes(attributes);
        if (IoreqAttributes.type(attributes) == IoreqAttributes.PIO) {
            return server.ports().contains(address, address + sizeBytes - 1);
        }
        long others = sizeBytes * (count - 1L);
        long first = IoreqAttributes.isDf(attributes) ? address - others : address;
        return server.memory().contains(first, first + others + sizeBytes - 1);
    }

    /** D4: a new life of the only node is known: what it held is lost. */
    public void nodeIsNew() {
        DomainView now = live.domain;
        if (now == null || now.table().state() != DecisionTable.State.CRASHED) {
            throw new Violation("D4", "the node has lost its memory, and the domain goes on");
        }
    }

    /** D1: nothing is delivered and nothing takes effect while the domain is certainly paused. */
    public void mustRun(String what) {
        DomainView now = seen.domain;
        if (now != null && seen.uncertainPause == 0 && now.paused()) {
            throw new Violation("D1", "%s while the domain is paused", what);
        }
    }
}
