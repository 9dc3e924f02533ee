package io.trapline.faults.containers;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** The network that another process is in (Linux: setns(2)). Takes root. */
final class ProcessNetwork {
    private static final int O_RDONLY = 0;
    private static final int CLONE_NEWNET = 0x40000000;

    private ProcessNetwork() {}

    /** Calls it in the network of that process. Sockets stay in the network that they were made in. */
    static <T> T call(long pid, Callable<T> inThere) throws IOException, InterruptedException {
        CompletableFuture<T> called = new CompletableFuture<>();
        // A thread of its own, which ends there: nothing else is ever in another network.
        Thread.ofPlatform().name("in-network-of-" + pid).start(() -> {
            try {
                enter(pid);
                called.complete(inThere.call());
            } catch (Exception failed) {
                called.completeExceptionally(failed);
            }
        });
        try {
            return called.get();
        } catch (ExecutionException failed) {
            throw new IOException("in the network of process " + pid + ": " + failed.getCause(), failed.getCause());
        }
    }

    private static void enter(long pid) throws IOException {
        try (Arena local = Arena.ofConfined()) {
            int network = SystemCall.OPEN.with(local.allocateFrom("/proc/" + pid + "/ns/net"), O_RDONLY);
            try {
                SystemCall.SETNS.with(network, CLONE_NEWNET);
            } finally {
                SystemCall.CLOSE.with(network);
            }
        }
    }
}
