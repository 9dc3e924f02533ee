package io.trapline.node.registry;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.VcpuOpening;
import java.util.List;
import java.util.Map;

/**
 * What a change of the registry means for the actors of one domain, which may be new.
 *
 * @param view the domain as it is now
 * @param opened vCPUs whose older epochs are fenced (A6)
 * @param drains what has caught ioreqs, by server (F5)
 */
@Pure
public record DomainChange(DomainView view, List<VcpuOpening> opened, Map<Integer, List<Drain>> drains) {
    /** The drains of one server. */
    public List<Drain> drainsOf(int id) {
        return drains.getOrDefault(id, List.of());
    }
}
