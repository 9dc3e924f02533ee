package io.trapline.node.registry;

import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpusMessage;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.typed.Behavior;

/**
 * What a domain's actors are. Given to {@link NodeRegistry} by the node's assembly, so that this package does not depend on those of the actors,
 * which look domains up here.
 */
public interface DomainActors {
    /** All vCPUs of the domain. */
    Behavior<VcpusMessage> vcpus(DomainView domain, DomainRoutes routes);

    /** One shard of it. */
    Behavior<ShardMessage> shard(DomainView domain, int index, DomainRoutes routes);

    /** Its type calls. */
    Behavior<TypesMessage> types(DomainView domain, DomainRoutes routes);

    /**
     * One server of it.
     *
     * @param drained given the revision of each drain that is done; may be called on any thread
     */
    Behavior<ServerMessage> server(DomainView domain, ServerView server, DomainRoutes routes, LongConsumer drained);
}
