package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.text.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The control commands on a real cluster. */
final class ControlCommandsTest {
    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    private final Shell shell = new Shell();

    @TempDir
    Path folder;

    @Test
    void leadsADomainThroughItsLife() {
        long domid = domain(256, 2);

        assertThat(CLUSTER.json("domain list").json()).anySatisfy(row -> {
            assertThat(row.get("domid")).isEqualTo(domid);
            assertThat(row.get("pages")).isEqualTo(256L);
            assertThat(row.get("state")).isEqualTo("running");
        });
        // D1: pauses count
        assertThat(CLUSTER.json("domain pause " + domid).summary().get("pause_count"))
                .isEqualTo(1L);
        assertThat(CLUSTER.json("domain pause " + domid).summary().get("pause_count"))
                .isEqualTo(2L);
        assertThat(CLUSTER.json("domain unpause " + domid).summary().get("pause_count"))
                .isEqualTo(1L);
        assertThat(CLUSTER.json("domain describe " + domid).summary().get("state"))
                .isEqualTo("paused");
        CLUSTER.json("domain destroy " + domid);
        assertThat(CLUSTER.run(shell, "domain describe " + domid)).isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).startsWith("trapline: ESRCH: ").contains("domid=" + domid);
    }

    @Test
    void claimsAndReleasesAndNamesTheHolder() {
        long domid = domain(256, 1);
        long first = server(domid, "alice");
        long second = server(domid, "bob");

        Json claim = CLUSTER.json("claim take " + domid + " " + first + " ioreq_server[3] write --principal alice")
                .summary();
        assertThat(claim.get("epoch")).isInstanceOf(Long.class);
        // C2
        assertThat(CLUSTER.run(shell, "claim take " + domid + " " + second + " 3 read,write --principal bob --json"))
                .isEqualTo(ExitCode.REFUSED);
        assertThat(shell.summary().get("error")).isEqualTo("EBUSY");
        assertThat(Shell.inner(shell.summary(), "metadata").get("holder")).isEqualTo(String.valueOf(first));
        assertThat(shell.err().lines())
                .singleElement()
                .asString()
                .startsWith("trapline: EBUSY: ")
                .contains("holder=" + first);
        // S3
        assertThat(CLUSTER.run(shell, "claim release " + domid + " " + first + " 3 --principal bob"))
                .isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).startsWith("trapline: EPERM: ");
        assertThat(CLUSTER.json("claim list " + domid).json().getFirst().get("holder"))
                .isEqualTo(first);
        CLUSTER.json("claim release " + domid + " " + first + " 3 --principal alice --reset");
        // C8
        List<Json> history = CLUSTER.json("claim history " + domid).json();
        assertThat(history).hasSize(2);
        assertThat(history.getFirst().get("end")).isEqualTo("released");
        assertThat(history.getLast().get("claims")).isEqualTo(1L);
    }

    @Test
    void mapsRangesAndShowsThem() {
        long domid = domain(16, 1);
        long id = server(domid, "alice");

        CLUSTER.json("server map " + domid + " " + id + " memory 0xfeb40000 0xfeb5ffff --principal alice");
        CLUSTER.json("server map " + domid + " " + id + " port 0x3f8 0x3ff --principal alice");
        CLUSTER.json("server unmap " + domid + " " + id + " memory 0xfeb41000 0xfeb41fff --principal alice");

        List<Json> info = CLUSTER.json("server info " + domid + " " + id).json();
        assertThat(info.subList(0, 3))
                .extracting(range -> range.get("space") + " " + range.get("start") + " " + range.get("end"))
                .containsExactly("port 0x3f8 0x3ff", "memory 0xfeb40000 0xfeb40fff", "memory 0xfeb42000 0xfeb5ffff");
        assertThat(info.getLast().get("counters")).isInstanceOf(Json.class);
        assertThat(CLUSTER.run(shell, "server info " + domid + " " + id)).isEqualTo(ExitCode.DONE);
        assertThat(shell.out()).contains("made by alice").contains("SPACE").contains("DELIVERED");
        // R1
        assertThat(CLUSTER.run(shell, "server map " + domid + " " + id + " port 0x3ff 0x400 --principal alice"))
                .isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).startsWith("trapline: EEXIST: ");
    }

    @Test
    void enablesDisablesAndDestroysServers() {
        long domid = domain(16, 1);
        long id = server(domid, "alice");

        CLUSTER.json("server disable " + domid + " " + id + " --principal alice");
        assertThat(CLUSTER.json("server list " + domid).json().getFirst().get("state"))
                .isEqualTo("disabled");
        CLUSTER.json("server enable " + domid + " " + id + " --principal alice");
        CLUSTER.json("server destroy " + domid + " " + id + " --drain 100ms --principal alice");
        assertThat(CLUSTER.json("server list " + domid).summary().get("servers"))
                .isEqualTo(0L);
    }

    @Test
    void setsTypesAllOrNone() {
        long domid = domain(1024, 1);

        // T7: nobody has claimed the type
        CLUSTER.json("type set " + domid + " ioreq_server[0] 0x10+32 0x100");
        List<Json> types = CLUSTER.json("type list " + domid + " 0+1024").json();
        assertThat(types).anySatisfy(run -> {
            assertThat(run.get("first_gfn")).isEqualTo("0x10");
            assertThat(run.get("last_gfn")).isEqualTo("0x2f");
            assertThat(run.get("pages")).isEqualTo(32L);
            assertThat(run.get("type")).isEqualTo("ioreq_server[0]");
        });
        // T4, T6
        assertThat(CLUSTER.run(shell, "type set " + domid + " ram_ro 0+32")).isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).startsWith("trapline: EINVAL: ").contains("first_gfn=16");
        assertThat(CLUSTER.json("type list " + domid + " 0+16")
                        .json()
                        .getFirst()
                        .get("type"))
                .isEqualTo("ram_rw");
    }

    @Test
    void readsAndWritesMemoryAndMakesSingleAccesses() throws Exception {
        long domid = domain(1024, 1);

        // Values of 2^63 and more keep their bits.
        CLUSTER.json("guest write " + domid + " 0x1000 8 0xfedcba9876543210");
        assertThat(CLUSTER.json("guest read " + domid + " 0x1000 8").summary().get("value"))
                .isEqualTo("0xfedcba9876543210");
        assertThat(CLUSTER.json("mem read " + domid + " 0x1004 4").summary().get("value"))
                .isEqualTo("0xfedcba98");
        CLUSTER.json("mem write " + domid + " 0x1002 ffff");
        assertThat(CLUSTER.run(shell, "mem dump " + domid + " 0x1000 64")).isEqualTo(ExitCode.DONE);
        assertThat(shell.out().lines())
                .containsExactly(
                        "0000001000  10 32 ff ff 98 ba dc fe  00 00 00 00 00 00 00 00  |.2..............|",
                        "0000001010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|",
                        "*",
                        "0000001030  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|");
        // T8: nobody is there
        assertThat(CLUSTER.json("guest read " + domid + " 0x3f8 1 --port")
                        .summary()
                        .get("value"))
                .isEqualTo("0xff");

        Path file = folder.resolve("image");
        byte[] image = new byte[3 << 20];
        new Random(1).nextBytes(image);
        Files.write(file, image);
        CLUSTER.json("mem write " + domid + " 0x2001 --file " + file);
        Path copy = folder.resolve("copy");
        CLUSTER.json("mem dump " + domid + " 0x2001 " + image.length + " --out " + copy);
        assertThat(copy).hasBinaryContent(image);
        // E
        assertThat(CLUSTER.run(shell, "mem read " + domid + " 0x400000 8")).isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).startsWith("trapline: EINVAL: ");
    }

    @Test
    void watchesClaimsUntilEnoughWereSeen() throws Exception {
        long domid = domain(16, 1);
        long id = server(domid, "alice");
        Shell watching = new Shell();
        CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(
                () -> CLUSTER.run(watching, "watch " + domid + " --changes 2 --for 60s --json"));

        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> {
            CLUSTER.json("claim take " + domid + " " + id + " 0 write --principal alice");
            CLUSTER.json("claim release " + domid + " " + id + " 0 --principal alice");
            return exit.isDone();
        });

        assertThat(exit.get()).isEqualTo(ExitCode.DONE);
        assertThat(watching.json())
                .hasSizeGreaterThanOrEqualTo(3)
                .anySatisfy(row -> assertThat(row.get("type")).isEqualTo("ioreq_server[0]"));
        assertThat(Shell.count(watching.summary(), "changes")).isGreaterThanOrEqualTo(2L);
    }

    @Test
    void watchesOnlyWhatIsThere() {
        assertThat(CLUSTER.run(shell, "watch 30000 --for 1s")).isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).startsWith("trapline: ESRCH: ");
    }

    @Test
    void storesNothingWhereThereIsNothingToStore() throws Exception {
        long domid = domain(1, 1);
        Path file = Files.writeString(folder.resolve("precious"), "kept");

        assertThat(CLUSTER.run(shell, "mem dump " + domid + " 0x1000 16 --out " + file))
                .isEqualTo(ExitCode.REFUSED);
        assertThat(file).hasContent("kept");
        assertThat(CLUSTER.run(shell, "mem dump " + domid + " 0 16 --out " + folder.resolve("no/such/file")))
                .isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).startsWith("trapline: --out is ").contains("no such file or directory");
    }

    @Test
    void saysWhatAnAccessThatTimedOutMeans() {
        long domid = domain(16, 1);
        long id = server(domid, "alice");
        CLUSTER.json("server map " + domid + " " + id + " port 0x70 0x71 --principal alice");

        // F4: nobody is attached
        assertThat(CLUSTER.run(shell, "guest read " + domid + " 0x70 1 --port --timeout 20ms"))
                .isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).startsWith("trapline: ETIMEDOUT: ").contains("no answer within its time");
    }

    @Test
    void listsLimitsNodesAndVersions() {
        assertThat(CLUSTER.json("limits").json()).anySatisfy(limit -> {
            assertThat(limit.get("name")).isEqualTo("max_servers_per_domain");
            assertThat(limit.get("value")).isEqualTo(64L);
            assertThat(limit.get("rule")).isEqualTo("S1");
        });
        assertThat(CLUSTER.json("cluster nodes").summary().get("nodes")).isEqualTo(1L);
        assertThat(CLUSTER.json("cluster nodes").json().getFirst().get("address"))
                .isEqualTo(CLUSTER.address());
        assertThat(CLUSTER.json("cluster status").summary().get("usable_nodes")).isEqualTo(1L);
        assertThat(CLUSTER.json("cluster status").json().getFirst().get("state"))
                .isEqualTo("leading");
        assertThat(CLUSTER.json("version").summary().get("cluster_id")).isInstanceOf(String.class);
    }

    private static long domain(long pages, int vcpus) {
        return Shell.count(
                CLUSTER.json("domain create --pages " + pages + " --vcpus " + vcpus)
                        .summary(),
                "domid");
    }

    private static long server(long domid, String principal) {
        return Shell.count(
                CLUSTER.json("server create " + domid + " --enable --principal " + principal)
                        .summary(),
                "id");
    }
}
