package io.trapline.cli;

import io.trapline.client.TraplineConnection;
import io.trapline.embedded.EmbeddedCluster;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where a demonstration takes place: the cluster that was named, or one in this process that goes when this is closed. */
final class Venue implements AutoCloseable {
    private static final Duration OWN_PATIENCE = Duration.ofMinutes(1);

    private final TraplineCommand trapline;
    private final @Nullable EmbeddedCluster own;
    private final String addresses;

    private Venue(TraplineCommand trapline, @Nullable EmbeddedCluster own, String addresses) {
        this.trapline = trapline;
        this.own = own;
        this.addresses = addresses;
    }

    static Venue open(TraplineCommand trapline) throws StartException {
        String named = trapline.connect();
        if (named != null) {
            return new Venue(trapline, null, named);
        }
        EmbeddedCluster own = EmbeddedCluster.start(Optional.empty(), ListenAddress.ANY_PORT, false);
        return new Venue(trapline, own, own.address().toString());
    }

    /** A connection as that principal. */
    TraplineConnection connect(String principal) throws BadInput {
        return builder(principal).build();
    }

    /** A connection to be as that principal. A cluster of our own is there, however long it takes to answer. */
    TraplineConnection.Builder builder(String principal) throws BadInput {
        TraplineConnection.Builder builder = trapline.builder(addresses).principal(principal);
        return own == null ? builder : builder.timeout(OWN_PATIENCE);
    }

    @Override
    public void close() {
        if (own != null) {
            own.close();
        }
    }
}
