package io.trapline.client;

import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.GetLimitsRequest;
import io.trapline.v1.GetVersionRequest;
import io.trapline.v1.GetVersionResponse;
import io.trapline.v1.Limit;
import io.trapline.v1.ListCoordinatorsRequest;
import io.trapline.v1.ListCoordinatorsResponse;
import io.trapline.v1.ListNodesRequest;
import io.trapline.v1.ListNodesResponse;
import io.trapline.v1.Node;
import java.util.ArrayList;
import java.util.List;

/** The cluster as a whole (section L). Every method blocks and throws {@link TraplineException}. Thread-safe. */
public final class Cluster {
    private final UnaryCalls calls;

    Cluster(UnaryCalls calls) {
        this.calls = calls;
    }

    /** Every limit, by name. */
    public List<Limit> limits() {
        return calls.ask(ClusterServiceGrpc.getGetLimitsMethod(), GetLimitsRequest.getDefaultInstance())
                .getLimitsList();
    }

    /** All nodes, by id. */
    public List<Node> nodes() {
        List<Node> all = new ArrayList<>();
        String page = "";
        do {
            ListNodesResponse response = calls.ask(
                    ClusterServiceGrpc.getListNodesMethod(),
                    ListNodesRequest.newBuilder().setPageToken(page).build());
            all.addAll(response.getNodesList());
            page = response.getNextPageToken();
        } while (!page.isEmpty());
        return all;
    }

    /** The coordinators, and which one leads. */
    public ListCoordinatorsResponse coordinators() {
        return calls.ask(ClusterServiceGrpc.getListCoordinatorsMethod(), ListCoordinatorsRequest.getDefaultInstance());
    }

    /** What runs there. */
    public GetVersionResponse version() {
        return calls.ask(ClusterServiceGrpc.getGetVersionMethod(), GetVersionRequest.getDefaultInstance());
    }
}
