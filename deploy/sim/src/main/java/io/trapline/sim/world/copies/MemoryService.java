package io.trapline.sim.world.copies;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.model.Refusal;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.memory.MemoryGrpc;
import io.trapline.node.registry.ClientSessions;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.rpc.Statuses;
import io.trapline.sim.world.part.Place;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.util.Optional;
import java.util.function.Consumer;

/** The service at which memory and type calls enter a node: the real {@link MemoryGrpc}, with what the node knows of domains and client sessions. */
public final class MemoryService {
    private final Place place;
    private final ServingGate gate;
    private final NodeDirectory directory;
    private final MemoryGrpc service;
    private long generation = 1;

    MemoryService(Place place, ClientSessions sessions) {
        this.place = place;
        gate = new ServingGate(place::now);
        directory = new NodeDirectory(gate);
        service = new MemoryGrpc(directory, sessions);
    }

    void serves(DomainHandle domain) {
        generation = domain.generation();
        directory.put(domain);
    }

    /** Of its domain, which callers know that made it. */
    public long generation() {
        return generation;
    }

    /** All runs change or none (T6). */
    public void setTypes(SetMemTypeRequest request, Consumer<Optional<Refusal>> reply) {
        look();
        service.setMemType(request, new Caller<>(reply));
    }

    /** All pieces are put into pages, or none (F2). */
    public void write(WriteMemoryRequest request, Consumer<Optional<Refusal>> reply) {
        look();
        service.writeMemory(request, new Caller<>(reply));
    }

    private void look() {
        if (place.serves()) {
            gate.open(place.now() + Long.MAX_VALUE / 4);
        } else {
            gate.close();
        }
    }

    /** Who waits for the answer. */
    private static final class Caller<R> extends ServerCallStreamObserver<R> {
        private final Consumer<Optional<Refusal>> reply;

        Caller(Consumer<Optional<Refusal>> reply) {
            this.reply = reply;
        }

        @Override
        public void onNext(R response) {
            // That it has come is all that it says.
        }

        @Override
        public void onCompleted() {
            reply.accept(Optional.empty());
        }

        @Override
        public void onError(Throwable failed) {
            reply.accept(Optional.of(
                    Statuses.fromThrowable(failed).orElseThrow(() -> new IllegalStateException("no refusal", failed))));
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void setOnCancelHandler(Runnable cancelled) {
            // It is not.
        }

        @Override
        public void setOnCloseHandler(Runnable closed) {
            // What it holds is given back with the node.
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setOnReadyHandler(Runnable ready) {
            // It always is.
        }

        @Override
        public void setCompression(String compression) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setMessageCompression(boolean enable) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void disableAutoInboundFlowControl() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void request(int count) {
            throw new UnsupportedOperationException();
        }
    }
}
