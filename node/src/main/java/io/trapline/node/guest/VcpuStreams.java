package io.trapline.node.guest;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which stream runs each vCPU of a domain at a node: what comes of a guest that opens one, comes back to it, comes from another node or has gone on at one, and
 * of somebody else who opens it (A6, D-16, D-20).
 *
 * <p>Invariant: a stream that does not run its vCPU any more has been told, or is returned to be told, and what was open before is not open beside it.
 *
 * @param <S> a stream, which is the same only if it is the same object
 * @param <O> what is kept of an open vCPU
 */
@Pure
public final class VcpuStreams<S, O extends VcpuStreams.Opened<S>> {
    /** An open vCPU. Its stream comes and goes; the window stays. */
    public abstract static class Opened<S> {
        /** Its accesses. */
        public final VcpuWindow window;

        private final long gatewayRevision;
        private @Nullable S stream;

        /** @param gatewayRevision the revision at which its guest came to this node */
        protected Opened(VcpuWindow window, long gatewayRevision, S stream) {
            this.window = window;
            this.gatewayRevision = gatewayRevision;
            this.stream = stream;
        }

        /** The revision at which its guest came to this node. */
        public final long gatewayRevision() {
            return gatewayRevision;
        }

        /** The one that runs it, or null while the guest is away. */
        public final @Nullable S stream() {
            return stream;
        }
    }

    /** What comes of a guest that shows that it has a vCPU. */
    public enum Resumed {
        /** It names an outcome that nobody has sent it. */
        AHEAD,
        /** It has another token: somebody else has opened the vCPU since. */
        FENCED,
        /** It has opened the vCPU with another window. */
        OTHER_WINDOW,
        /** It may have the vCPU at another node, of which this one need not have heard: the registry knows. */
        MOVES,
        /** It goes on here; {@link VcpuStreams#run(Opened, Object)} follows. */
        GOES_ON
    }

    /** What comes of an opening here, or of a move, that the registry has carried out. */
    public enum Came {
        /** Its stream has ended, and the guest has come again by another one, from which it is not taken. */
        OVERTAKEN,
        /** Opened by somebody else since, or gone on elsewhere. */
        FENCED,
        /** It is to run here. */
        RUNS
    }

    private final List<@Nullable O> byVcpu = new ArrayList<>();
    private final List<O> all = new ArrayList<>();
    private final Openings openings;

    public VcpuStreams(int nrVcpus) {
        for (int vcpu = 0; vcpu < nrVcpus; vcpu++) {
            byVcpu.add(null);
        }
        openings = new Openings(nrVcpus);
    }

    /** The vCPU, or null when it is not open. */
    public @Nullable O get(int vcpu) {
        return vcpu >= 0 && vcpu < byVcpu.size() ? byVcpu.get(vcpu) : null;
    }

    /** The vCPU if that stream runs it, else null. */
    public @Nullable O runBy(S stream, int vcpu) {
        O open = get(vcpu);
        return open != null && isSame(open.stream(), stream) ? open : null;
    }

    /** Whether a stream runs any vCPU. */
    public boolean runsAny(S stream) {
        for (O open : all) {
            if (isSame(open.stream(), stream)) {
                return true;
            }
        }
        return false;
    }

    /** All that are open, by their numbers; not to be changed while it is gone through. */
    public List<O> all() {
        return all;
    }

    /** Whether anybody has opened the vCPU yet; it may have been closed since. */
    public boolean wasOpened(int vcpu) {
        return openings.wasOpened(vcpu);
    }

    /**
     * A guest that shows that it has the vCPU.
     *
     * @param isToken whether what it shows is the token that the vCPU has here
     * @param window what it says of the window, in accesses; 0 = nothing
     * @param receivedThrough the number of the last access whose outcome, and that of all before it, it has
     */
    public Resumed resume(S stream, int vcpu, boolean isToken, int window, long receivedThrough) {
        O open = get(vcpu);
        if (receivedThrough < 0 || receivedThrough == Long.MAX_VALUE) {
            return Resumed.AHEAD;
        }
        if (open == null) {
            return Resumed.MOVES;
        }
        if (!isToken) {
            return Resumed.FENCED;
        }
        if (window != 0 && window != open.window.window()) {
            return Resumed.OTHER_WINDOW;
        }
        if (isSame(open.stream(), stream)) {
            return open.window.receivedThrough(receivedThrough) ? Resumed.GOES_ON : Resumed.AHEAD;
        }
        // If it got more it was elsewhere, perhaps at a node that had not heard that the guest had left it: not even
        // the registry knows of that.
        return open.window.resumedThrough(receivedThrough) ? Resumed.GOES_ON : Resumed.MOVES;
    }

    /** That stream runs it from now on. Returns another one that did, which its guest may still listen to: it is to be ended. */
    public @Nullable S run(O open, S stream) {
        Opened<S> taken = open;
        S before = taken.stream;
        taken.stream = stream;
        return isSame(before, stream) ? null : before;
    }

    /**
     * The registry has carried out an opening here, or a move.
     *
     * @param revision at which the guest came to this node
     * @param isGone whether the stream by which it asked has ended
     */
    public Came came(int vcpu, long epoch, long revision, boolean isGone) {
        O open = get(vcpu);
        if (isGone && open != null && open.window.epoch() == epoch) {
            return Came.OVERTAKEN;
        }
        return openings.mayRun(vcpu, epoch, revision) ? Came.RUNS : Came.FENCED;
    }

    /** After {@link Came#RUNS}, once older epochs are fenced. Returns the stream, if it is another one, that ran it before: it is to be ended. */
    public @Nullable S put(O open) {
        int vcpu = open.window.vcpu();
        O before = remove(vcpu);
        openings.came(vcpu, open.gatewayRevision());
        byVcpu.set(vcpu, open);
        int place = 0;
        while (place < all.size() && all.get(place).window.vcpu() < vcpu) {
            place++;
        }
        all.add(place, open);
        return before == null || isSame(before.stream(), open.stream()) ? null : before.stream();
    }

    /** Its guest has closed it. Returns what was open. */
    public @Nullable O remove(int vcpu) {
        O before = get(vcpu);
        if (before != null) {
            all.remove(before);
            byVcpu.set(vcpu, null);
        }
        return before;
    }

    /** The registry has opened the vCPU under that epoch. Returns what was open under an older one, and is so no more. */
    public @Nullable O fence(int vcpu, long epoch) {
        openings.opened(vcpu, epoch);
        O open = get(vcpu);
        return open != null && open.window.epoch() < epoch ? remove(vcpu) : null;
    }

    /** The registry has let the guest go on elsewhere, at that revision. Returns what was open for it here, and is so no more. */
    public @Nullable O left(int vcpu, long revision) {
        openings.left(vcpu, revision);
        O open = get(vcpu);
        return open != null && open.gatewayRevision() < revision ? remove(vcpu) : null;
    }

    /** A stream has ended: what it ran waits for its guests to come back. */
    public void gone(S stream) {
        for (Opened<S> open : all) {
            if (isSame(open.stream, stream)) {
                open.stream = null;
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // of streams nothing else is known
    private static boolean isSame(@Nullable Object one, @Nullable Object other) {
        return one == other;
    }
}
