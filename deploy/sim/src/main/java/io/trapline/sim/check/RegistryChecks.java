package io.trapline.sim.check;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.node.registry.DomainView;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What the registry grants, whatever leads, restarts or asks again (C2, C5, C6, section E): claims, revisions, answers. */
public final class RegistryChecks {
    /** By type. */
    private final Map<Integer, Claim> standing = new HashMap<>();
    /** Generations of servers that were told to go. */
    private final Set<Long> destroyed = new HashSet<>();
    /** Epochs of claims whose release their holder has asked for. */
    private final Set<Long> released = new HashSet<>();

    private long granted;

    /** Somebody asks for something; it is carried out after this. */
    public void asked(Command command) {
        if (command.hasDestroyIoreqServer()) {
            destroyed.add(command.getDestroyIoreqServer().getGeneration());
        }
        if (command.hasMapMemType() && command.getMapMemType().getFlags() == 0) {
            Claim claim = standing.get(command.getMapMemType().getTypeValue());
            if (claim != null && claim.getId() == command.getMapMemType().getId()) {
                released.add(claim.getEpoch());
            }
        }
    }

    /** I-4: a revision is given out. */
    public void grants(String by, long revision) {
        if (revision <= granted) {
            throw new Violation("I-4", "%s gives out revision %d after %d", by, revision, granted);
        }
    }

    /** I-3: what two replicas make of a command, one of them restored from its snapshot perhaps. */
    public void same(Object command, Object one, Object other) {
        if (!one.equals(other)) {
            throw new Violation("I-3, C6", "a replica makes of %s%n%s, and another%n%s", command, one, other);
        }
    }

    /** I-6: the node has applied all that there is. */
    public void sameView(DomainView atNode, Set<Long> drainsAtNode, DomainView inRegistry, Set<Long> drainsInRegistry) {
        String node = DomainText.of(atNode) + "drains " + new TreeSet<>(drainsAtNode);
        String registry = DomainText.of(inRegistry) + "drains " + new TreeSet<>(drainsInRegistry);
        if (!node.equals(registry)) {
            throw new Violation("I-6", "the node knows%n%sand the registry is%n%s", node, registry);
        }
    }

    /** Section E: the same request came again. */
    public void answeredAgain(Command command, Answer first, Answer again) {
        if (!first.equals(again)) {
            throw new Violation("I-5, section E", "%s was answered%n%s and again%n%s", command, first, again);
        }
    }

    /** Section E: a log entry was written twice. */
    public void nothingNew(Command command, boolean changes) {
        if (changes) {
            throw new Violation("I-5, section E", "%s was carried out a second time", command);
        }
    }

    /** The registry has changed. */
    public void changed(RegistryChange change) {
        granted = change.getRevision();
        for (Claim claim : change.getClaimsList()) {
            Claim before = standing.get(claim.getTypeValue());
            if (before != null && before.getEpoch() != claim.getEpoch()) {
                throw new Violation("C2", "a type is claimed, and was%n%s, is%n%s", before, claim);
            }
            if (claim.getState() != ClaimState.CLAIM_STATE_HELD) {
                mustBeAsked(claim);
            }
            if (claim.getState() == ClaimState.CLAIM_STATE_FREE) {
                standing.remove(claim.getTypeValue());
            } else {
                standing.put(claim.getTypeValue(), claim);
            }
        }
    }

    private void mustBeAsked(Claim ended) {
        if (!released.contains(ended.getEpoch()) && !destroyed.contains(ended.getGeneration())) {
            throw new Violation("C6", "the holder has not let go of what ends:%n%s", ended);
        }
    }
}
