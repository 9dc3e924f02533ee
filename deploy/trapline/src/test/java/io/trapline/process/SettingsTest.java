package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.trapline.server.ListenAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SettingsTest {
    private static final String ID = "11111111-2222-3333-4444-555555555555";
    private static final String PEERS =
            "c1=127.0.0.2:7421,127.0.0.2:7420;c2=127.0.0.3:7421,127.0.0.3:7420 " + "c3=127.0.0.4:7421,127.0.0.4:7420";
    private static final Map<String, String> COORDINATOR =
            Map.of("id", "c2", "data", "/d", "peers", PEERS, "cluster-id", ID, "bootstrap", "true");
    private static final Map<String, String> NODE = Map.of("id", "n1", "coordinators", "127.0.0.2:7420");

    private static SettingSources flags(Map<String, String> flags) {
        return new SettingSources(flags, Map.of(), Optional.empty());
    }

    private static SettingSources file(String text) {
        return new SettingSources(Map.of(), Map.of(), Optional.of(new SettingSources.File("node.conf", text)));
    }

    private static Map<String, String> with(Map<String, String> flags, String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(flags);
        more.put(key, value);
        return more;
    }

    private static String wrongCoordinator(Map<String, String> flags) {
        return String.valueOf(catchThrowableOfType(WrongSettings.class, () -> CoordinatorSettings.of(flags(flags)))
                .getMessage());
    }

    private static String wrongNode(SettingSources sources) {
        return String.valueOf(catchThrowableOfType(WrongSettings.class, () -> NodeSettings.of(sources))
                .getMessage());
    }

    @Test
    void readsACoordinatorWithItsPeers() throws WrongSettings {
        CoordinatorSettings settings = CoordinatorSettings.of(flags(COORDINATOR));
        assertThat(settings.clusterId()).contains(ID);
        assertThat(settings.peers()).extracting(CoordinatorSettings.Peer::id).containsExactly("c1", "c2", "c3");
        assertThat(settings.listen()).as("its own address").isEqualTo(ListenAddress.parse("127.0.0.3:7420"));
        assertThat(settings.bootstrap()).isTrue();
        assertThat(settings.join()).isFalse();
    }

    @Test
    void readsANodeWithItsDefaults() throws WrongSettings {
        NodeSettings settings = NodeSettings.of(flags(NODE));
        assertThat(settings)
                .isEqualTo(new NodeSettings(
                        "n1",
                        List.of(ListenAddress.parse("127.0.0.2:7420")),
                        ListenAddress.DEFAULT,
                        Optional.empty(),
                        OptionalLong.empty(),
                        Duration.ofSeconds(30),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        "warn"));
    }

    @Test
    void aFlagWinsOverTheEnvironmentAndTheEnvironmentOverTheFile() throws WrongSettings {
        String text = """
                # a node
                id = of-file
                coordinators = 127.0.0.2:7420, 127.0.0.3:7420

                memory = 4GiB
                log = info
                """;
        NodeSettings settings = NodeSettings.of(new SettingSources(
                Map.of("id", "of-flag"),
                Map.of(
                        "TRAPLINE_ID",
                        "of-environment",
                        "TRAPLINE_LOG",
                        "debug",
                        "TRAPLINE_MEMORY",
                        "2GiB",
                        "PATH",
                        "/bin"),
                Optional.of(new SettingSources.File("node.conf", text))));
        assertThat(settings.id()).isEqualTo("of-flag");
        assertThat(settings.log()).isEqualTo("debug");
        assertThat(settings.memoryBytes()).hasValue(2L << 30);
        assertThat(settings.coordinators()).hasSize(2);
    }

    @Test
    void namesEverythingThatIsWrongAtOnce() {
        SettingSources sources = new SettingSources(
                Map.of("id", "no such/id", "memory", "lots"),
                Map.of("TRAPLINE_LISTN", "127.0.0.1:1", "TRAPLINE_DRAIN_TIMEOUT", "11m"),
                Optional.of(new SettingSources.File(
                        "node.conf", "listen = here\ndomids = 7\nwhat\nlog = info\nlog = warn\n")));
        assertThat(wrongNode(sources).split("; "))
                .containsExactlyInAnyOrder(
                        "node.conf:2: there is no key 'domids'",
                        "node.conf:3: 'what' is no 'key = value'",
                        "node.conf:5: log is given in line 4 too",
                        "TRAPLINE_LISTN: there is no such setting",
                        "--id: 'no such/id' is no id: 1 … 64 of A-Z a-z 0-9 . _ -, a letter or digit first",
                        "--coordinators is missing",
                        "node.conf:1: listen: 'here' is no HOST:PORT",
                        "--memory: 'lots' is no size such as 4GiB, 512MiB or 1073741824",
                        "TRAPLINE_DRAIN_TIMEOUT: '11m' is not 0 … 10m");
    }

    @Test
    void aVariableOfACoordinatorIsNoMistakeOfANode() throws WrongSettings {
        assertThat(NodeSettings.of(new SettingSources(NODE, Map.of("TRAPLINE_PEERS", PEERS), Optional.empty()))
                        .id())
                .isEqualTo("n1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bootstrap  | maybe                                 | --bootstrap: 'maybe' is neither true nor false",
                "join       | true                                  | --join: excludes --bootstrap",
                "id         | c4                                    | --id: c4 is none of the peers c1, c2, c3",
                "cluster-id | 7                                     | --cluster-id: '7' is no UUID",
                "peers      | c2=127.0.0.3:7421                     | --peers: 'c2=127.0.0.3:7421' is no 'id=host:raftport,host:port'",
                "peers      | c2=127.0.0.1:1,127.0.0.1:1            | --peers: 127.0.0.1:1 is named twice",
                "peers      | c2=127.0.0.1:0,127.0.0.1:1            | --peers: '127.0.0.1:0' has no port that others could connect to",
                "peers      | c2=0.0.0.0:2,127.0.0.1:1              | --peers: 0.0.0.0:2 is no address that others could connect to",
                "peers      | c2=10.0.0.1:2,10.0.0.1:1              | needs --insecure",
                "peers      | c2=127.0.0.1:1,127.0.0.1:2;c3=127.0.0.1:3,127.0.0.1:4 | --peers: 2 coordinators, not 1, 3 or 5",
                "listen     | 0.0.0.0:7420                          | --listen: 0.0.0.0:7420 is not a loopback address",
                "data       | ''                                    | --data: is empty"
            })
    void refusesACoordinator(String key, String value, String why) {
        assertThat(wrongCoordinator(with(COORDINATOR, key, value))).contains(why);
    }

    @Test
    void aClusterOfSeveralIsFormedUnderAnIdThatWasAgreedOn() {
        Map<String, String> without = new LinkedHashMap<>(COORDINATOR);
        without.remove("cluster-id");
        assertThat(wrongCoordinator(without)).isEqualTo("--cluster-id: is needed to form one with peers");
    }

    @Test
    void aNodeThatListensEverywhereSaysWhereItIs() throws WrongSettings {
        Map<String, String> everywhere = with(with(NODE, "listen", "0.0.0.0:7420"), "insecure", "true");
        assertThat(wrongNode(flags(everywhere))).contains("--advertise is needed");
        NodeSettings settings = NodeSettings.of(flags(with(everywhere, "advertise", "host-7:7420")));
        assertThat(settings.advertise()).contains(ListenAddress.parse("host-7:7420"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id = n1\ncoordinators = 127.0.0.2:7420\ninsecure = true",
                "id=n1\ncoordinators=127.0.0.2:7420\r\ninsecure="
            })
    void readsFlagsFromAFile(String text) throws WrongSettings {
        assertThat(NodeSettings.of(file(text)).insecure()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"2MiB, 2097152", "1GiB, 1073741824", "3TiB, 3298534883328", "4194304, 4194304"})
    void readsSizes(String text, long bytes) {
        assertThat(Values.memory(text)).isEqualTo(bytes);
    }
}
