package io.trapline.node.registry;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.protocol.VcpuOpening;
import java.util.List;
import java.util.Map;

/**
 * What a change of the registry means for the actors of one domain, which may be new.
 *
 * @param view the domain as it is now
 * @param opened vCPUs whose older epochs are fenced (A6)
 * @param moved vCPUs whose guests go on at another node
 * @param drains what has caught ioreqs, by server (F5)
 */
@Pure
public record DomainChange(
        DomainView view, List<VcpuOpening> opened, List<GuestMove> moved, Map<Integer, List<Drain>> drains) {
    /**
     * The guest of a vCPU goes on elsewhere.
     *
     * @param node where
     */
    public record GuestMove(VcpuMove move, String node) {}

    /** The drains of one server. */
    public List<Drain> drainsOf(int id) {
        return drains.getOrDefault(id, List.of());
    }
}
