package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.IoreqBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The code of the package's documentation, run; a test sees to it that it is the same code. */
@DisplayName("The examples of the package documentation")
@Timeout(120)
class PackageExamplesTest {
    private static final Path PACKAGE = Path.of("src", "main", "java", "io", "trapline", "client", "package-info.java");
    private static final Path THIS =
            Path.of("src", "test", "java", "io", "trapline", "client", "PackageExamplesTest.java");

    private final FakeTrapline fake = new FakeTrapline();
    private final DomainRef domain = DomainRef.of(1);
    private final ServerRef server = ServerRef.of(domain, 0);
    private final TraplineConnection trapline = fake.connection("one:1").build();

    /** The examples' way to a connection, to the fake. */
    private final class TraplineConnections {
        TraplineConnection to(String addresses) {
            assertThat(addresses).isEqualTo("127.0.0.1:7400,127.0.0.2:7400");
            return fake.connection("one:1").build();
        }
    }

    @SuppressWarnings("MemberName") // Stands where the examples name the class.
    private final TraplineConnections TraplineConnection = new TraplineConnections();

    @BeforeEach
    void serve() {
        fake.serve("one:1");
    }

    @AfterEach
    void close() {
        trapline.close();
        fake.close();
    }

    private static boolean isAllowed(long value) {
        return value % 2 == 0;
    }

    @Test
    void operator() {
        // operator
        try (TraplineConnection trapline = TraplineConnection.to("127.0.0.1:7400,127.0.0.2:7400")) {
            DomainRef domain = DomainRef.of(trapline.domains().create(4096, 4, DomainMemory.DOMAIN_MEMORY_VOLATILE));
            trapline.memory().setMemType(domain, new Gfn(16), 8, MemType.IOREQ_SERVER_0);
            ServerRef server = trapline.ioreqServers().create(domain);
            trapline.ioreqServers().mapMemType(server, MemType.IOREQ_SERVER_0, AccessFlags.WRITE);
            trapline.ioreqServers().enable(server);
        }
        // end
        assertThat(fake.control.requestIds()).hasSize(5);
    }

    @Test
    void emulator() {
        CompletableFuture<Void> others = CompletableFuture.runAsync(() -> {
            await().until(fake.emulators::isAttached);
            fake.emulators.send(writes(3));
            await().until(() -> fake.emulators.answers().size() == 3);
            fake.emulators.end(Statuses.toException(Refusal.of(Errno.ESTALE, "a newer session is active")));
        });
        // emulator
        Map<Long, Long> registers = new ConcurrentHashMap<>();
        DeviceModel device = new DeviceModel() {
            @Override
            public long read(Ioreq ioreq) {
                return registers.getOrDefault(ioreq.address(), 0L);
            }

            @Override
            public void write(Ioreq ioreq) {
                registers.put(ioreq.address(), ioreq.data());
            }
        };
        try (Emulator emulator = trapline.attach(server, device)) {
            System.err.println("no longer serving: " + emulator.ended().join());
        }
        // end
        assertThat(others).succeedsWithin(Duration.ofSeconds(20));
        assertThat(registers).hasSize(3);
    }

    @Test
    void mediator() {
        // mediator
        DeviceModel mediator = new DeviceModel() {
            @Override
            public void handle(IoreqBatchView batch, Answers answers) {
                WriteSegments pages = new WriteSegments(batch.size(), 8 * batch.size());
                for (int row = 0; row < batch.size(); row++) {
                    if (batch.isWrite(row) && isAllowed(batch.data(row))) {
                        pages.addValue(batch.address(row), batch.data(row), batch.sizeBytes(row));
                    }
                }
                try {
                    if (pages.size() > 0) {
                        batch.memory().write(pages);
                    }
                    answers.acknowledgeAll();
                } catch (TraplineException failure) {
                    if (!failure.is(Errno.ESTALE)) {
                        throw failure;
                    }
                    DeviceModel.super.handle(batch, answers);
                }
            }

            @Override
            public void write(Ioreq ioreq) {
                if (isAllowed(ioreq.data())) {
                    ioreq.memory().write(new Gpa(ioreq.address()), ioreq.data(), ioreq.sizeBytes());
                }
            }
        };
        // end
        trapline.attach(server, mediator);
        fake.control.staleMemoryCalls(2);
        fake.emulators.send(writes(6));
        await().until(() -> fake.emulators.answers().size() == 5);
        assertThat(fake.control.byteAt(16)).isZero();
        assertThat(fake.control.byteAt(32)).isEqualTo((byte) 4);
        assertThat(fake.control.byteAt(40)).isZero();
        assertThat(fake.control.byteAt(48)).isEqualTo((byte) 6);
    }

    @Test
    void guest() {
        // guest
        try (Guest guest = trapline.guest(domain)) {
            Vcpu vcpu = guest.openVcpu(0, 64);
            vcpu.write(new Gpa(0x10000), 8, 42);
            long value = vcpu.read(new Gpa(0x10000), 8);
            CompletableFuture<Long> later = vcpu.readAsync(new Gpa(0x10000), 4);
            System.err.println(value + " " + later.join());
        }
        // end
        assertThat(fake.guests.word(0x10000)).isEqualTo(42);
    }

    @Test
    void columns() {
        // columns
        try (Guest guest = trapline.guest(domain)) {
            LongAdder failed = new LongAdder();
            Vcpu vcpu = guest.openVcpu(0, 1024, answers -> {
                for (int row = 0; row < answers.size(); row++) {
                    if (answers.errno(row) != Errno.OK) {
                        failed.increment();
                    }
                }
            });
            AccessColumns rows = new AccessColumns(256);
            for (long entry = 0; entry < 100_000; entry += 256) {
                rows.clear();
                for (int i = 0; i < 256; i++) {
                    rows.addWrite(0x10000 + 8 * ((entry + i) % 4096), 8, entry + i);
                }
                vcpu.submit(rows);
            }
            vcpu.awaitAnswers(Duration.ofMinutes(1));
            System.err.println(failed.sum() + " failed");
        }
        // end
        assertThat(fake.guests.writes()).isEqualTo(100_096);
        assertThat(fake.guests.faults()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"operator", "emulator", "mediator", "guest", "columns"})
    void isTheCodeOfTheDocumentation(String example) throws IOException {
        List<String> documented = new ArrayList<>();
        for (String line : between(Files.readAllLines(PACKAGE), " * // " + example, " * }</pre>")) {
            documented.add(line.substring(" *".length()).strip());
        }
        List<String> run = new ArrayList<>();
        for (String line : between(Files.readAllLines(THIS), "        // " + example, "        // end")) {
            run.add(line.strip());
        }
        assertThat(documented).isNotEmpty().isEqualTo(run);
    }

    private static List<String> between(List<String> lines, String first, String last) {
        int from = lines.indexOf(first);
        assertThat(from).as(first).isNotNegative();
        List<String> rest = lines.subList(from + 1, lines.size());
        return rest.subList(0, rest.indexOf(last));
    }

    private static IoreqBatch writes(int count) {
        IoreqBatch.Builder batch = IoreqBatch.newBuilder().setDecidedRevision(9).setShardEpoch(1);
        byte[] attributes = new byte[count];
        for (int i = 0; i < count; i++) {
            batch.addVcpuEpoch(3).addSequence(i + 1).addAddress(8L * (i + 1)).addData(i + 1);
            attributes[i] = (byte) (3 | (IoreqAttributes.COPY << 3));
        }
        return batch.setAttributes(ByteString.copyFrom(attributes)).build();
    }
}
