package io.trapline.node.lease;

import java.util.List;

/**
 * Where the coordinators are, as the one that leads says when it grants (D-6): those that this node was configured with may all have been replaced since.
 *
 * @param leader the address of whoever grants
 * @param all the addresses of the coordinators of now; empty = it has not said
 */
public record KnownCoordinators(String leader, List<String> all) {
    public KnownCoordinators {
        all = List.copyOf(all);
    }
}
