package io.trapline.node.ioreq;

import io.trapline.model.AccessFlags;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Pure;
import io.trapline.node.protocol.ServerView;

/** Why a row is at a server, and whether that still holds (F5): its claim stands, or a range of the server contains it whole (R2). */
@Pure
final class ForwardReason {
    private ForwardReason() {}

    static boolean holds(ServerView view, byte claimedType, byte attributes, long address, int count) {
        if (!view.enabled()) {
            return false;
        }
        if (claimedType != IoreqAttributes.BY_RANGE) {
            return AccessFlags.take(view.claims()[claimedType], IoreqAttributes.isWrite(attributes));
        }
        long sizeBytes = IoreqAttributes.sizeBytes(attributes);
        return switch (IoreqAttributes.type(attributes)) {
            case IoreqAttributes.PIO -> view.ports().contains(address, address + sizeBytes - 1);
            case IoreqAttributes.PCI_CONFIG -> view.pci().contains(address >>> 32, address >>> 32);
            default -> {
                long others = sizeBytes * (count - 1L);
                long first = IoreqAttributes.isDf(attributes) ? address - others : address;
                yield view.memory().contains(first, first + others + sizeBytes - 1);
            }
        };
    }

    /** Whether something that held may not hold any more. */
    static boolean mayBeLost(ServerView before, ServerView after) {
        if (before.enabled() && !after.enabled()) {
            return true;
        }
        for (int x = 0; x < before.claims().length; x++) {
            if ((before.claims()[x] & ~after.claims()[x]) != 0) {
                return true;
            }
        }
        return !before.ports().equals(after.ports())
                || !before.memory().equals(after.memory())
                || !before.pci().equals(after.pci());
    }
}
