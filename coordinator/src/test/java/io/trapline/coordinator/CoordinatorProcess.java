package io.trapline.coordinator;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.coordinator.raft.StartException;
import io.trapline.rpc.Principals;
import io.trapline.testing.ProgramJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A coordinator in a process of its own, on loopback, that can be killed at any moment. */
final class CoordinatorProcess implements AutoCloseable {
    private static final String READY = "ready: ";
    private static final int HEAP_MEBIBYTES = 256;

    private final Process process;
    private final int port;

    private CoordinatorProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** In the child: serves until it is killed. */
    public static void main(String[] args) throws Exception {
        try {
            serve(args);
        } catch (StartException refused) {
            System.out.println(refused.getMessage());
            Runtime.getRuntime().halt(2);
        }
    }

    private static void serve(String[] args) throws Exception {
        Coordinator coordinator = Coordinator.start(CoordinatorConfig.of(
                ReplicaConfig.alone(Path.of(args[0]), true).withSnapshotEvery(Long.parseLong(args[1])),
                "0.1.0-test",
                node -> Optional.empty(),
                failure -> {
                    System.out.println(failure.getMessage());
                    Runtime.getRuntime().halt(3);
                }));
        NettyServerBuilder builder = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .intercept(new Principals());
        coordinator.publicServices().forEach(builder::addService);
        coordinator.internalServices().forEach(builder::addService);
        Server server = builder.build().start();
        System.out.println(READY + server.getPort());
        server.awaitTermination();
    }

    /** Starts one and waits until it serves. {@code prefix}: what it is started with, such as a limit on its files. */
    static CoordinatorProcess start(Path directory, long snapshotEvery, String... prefix) throws IOException {
        List<String> command = new ArrayList<>(List.of(prefix));
        command.addAll(ProgramJvm.command(
                HEAP_MEBIBYTES,
                List.of(CoordinatorProcess.class.getName(), directory.toString(), Long.toString(snapshotEvery))));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        if (line == null || !line.startsWith(READY)) {
            process.destroyForcibly();
            throw new IOException(line);
        }
        return new CoordinatorProcess(process, Integer.parseInt(line.substring(READY.length())));
    }

    int port() {
        return port;
    }

    /** {@code kill -9}. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** How it ended. */
    int exitStatus(long seconds) throws InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the coordinator is still running");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
