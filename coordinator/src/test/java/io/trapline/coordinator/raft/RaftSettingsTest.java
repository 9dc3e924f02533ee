package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.rpc.SupportedRpcType;
import org.junit.jupiter.api.Test;

class RaftSettingsTest {
    private static final Path DATA = Path.of("data");

    @Test
    void aReplicaWithoutAnAddressListensToNobody() {
        assertThat(rpcOf(ReplicaConfig.alone(DATA, true))).isInstanceOf(AloneRpc.class);
    }

    @Test
    void aReplicaThatOthersCanBeToldOfListensAlsoWhereItIsAlone() {
        assertThat(rpcOf(ReplicaConfig.alone(DATA, true).withListenPort(7421))).isEqualTo(SupportedRpcType.GRPC);
    }

    private static RpcType rpcOf(ReplicaConfig config) {
        return RaftConfigKeys.Rpc.type(RaftSettings.of(config, DATA.resolve("raft")), line -> {});
    }
}
