package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.lease.ServingGate;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The domains that this node serves, for the threads of its services. A domain is here before the call that creates it returns, and no more when
 * the call that destroys it does. Written by {@link NodeRegistry} alone; read by any thread.
 */
public final class NodeDirectory {
    private final ConcurrentHashMap<Integer, DomainHandle> domains = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Integer, Set<Runnable>> watchers = new ConcurrentHashMap<>();
    private final ServingGate gate;
    private volatile Optional<Refusal> leaving = Optional.empty();

    /** Of a node that finds nothing for anybody while its gate is closed. */
    public NodeDirectory(ServingGate gate) {
        this.gate = gate;
    }

    /** What came of {@link #find}. */
    public sealed interface Lookup {
        /** It is there and may be asked. */
        record Found(DomainHandle domain) implements Lookup {}

        /** ESRCH or EIO; EAGAIN while the node has no lease, since what it knows may be out of date. */
        record Refused(Refusal refusal) implements Lookup {}
    }

    /** The domain as it is now, crashed ones included. */
    public Optional<DomainHandle> domain(int domid) {
        return Optional.ofNullable(domains.get(domid));
    }

    /**
     * The domain that a call names, checked as section E says: ESRCH for an unknown id or another generation, EIO for a crashed one (D4).
     *
     * @param generation 0 = not checked
     */
    public Lookup find(int domid, long generation) {
        return checkServing().<Lookup>map(Lookup.Refused::new).orElseGet(() -> known(domid, generation));
    }

    /** Why emulators are to go to another node; empty = they are not (D-27). */
    public Optional<Refusal> leaving() {
        return leaving;
    }

    /** From now on emulators are to go to another node, or not any more. */
    public void leave(Optional<Refusal> why) {
        leaving = why;
        watchers.values().forEach(each -> each.forEach(Runnable::run));
    }

    /** EAGAIN while the node has no lease (A5). */
    public Optional<Refusal> checkServing() {
        return gate.serves()
                ? Optional.empty()
                : Optional.of(Refusal.of(Errno.EAGAIN, "this node has no lease now, or has not caught up yet"));
    }

    private Lookup known(int domid, long generation) {
        DomainHandle domain = domains.get(domid);
        if (domain == null) {
            return new Lookup.Refused(Refusal.noDomain(domid));
        }
        if (generation != 0 && generation != domain.generation()) {
            return new Lookup.Refused(Refusal.otherDomainGeneration(domid, generation, domain.generation()));
        }
        return domain.crashed() ? new Lookup.Refused(DomainHandle.crashed(domid)) : new Lookup.Found(domain);
    }

    /** Enters a domain, or what became of it. */
    public void put(DomainHandle domain) {
        domains.put(domain.domid(), domain);
        changed(domain.domid());
    }

    /** Takes a domain out. */
    public void remove(int domid) {
        domains.remove(domid);
        changed(domid);
    }

    /**
     * Lets somebody know of every change of a domain from now on, and of {@link #leaving}.
     *
     * @param changed run by whoever changes it; must not block
     * @return ends that
     */
    public Runnable watch(int domid, Runnable changed) {
        watchers.compute(domid, (id, all) -> {
            Set<Runnable> with = all == null ? ConcurrentHashMap.newKeySet() : all;
            with.add(changed);
            return with;
        });
        return () -> watchers.computeIfPresent(domid, (id, all) -> {
            all.remove(changed);
            return all.isEmpty() ? null : all;
        });
    }

    private void changed(int domid) {
        watchers.getOrDefault(domid, Set.of()).forEach(Runnable::run);
    }
}
