package io.trapline.node.ioreq;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.RegistryClient;
import io.trapline.rpc.Principals;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.EmulatorServiceGrpc;

/** {@code trapline.v1.EmulatorService}: the emulators' side of this node. */
public final class EmulatorGrpc extends EmulatorServiceGrpc.EmulatorServiceImplBase {
    private final NodeDirectory directory;
    private final RegistryClient registry;
    private final String nodeId;
    private final AttachingStreams attaching = new AttachingStreams();

    /** @param nodeId under which this node has registered: where emulators are attached, as the registry sees it */
    public EmulatorGrpc(NodeDirectory directory, RegistryClient registry, String nodeId) {
        this.directory = directory;
        this.registry = registry;
        this.nodeId = nodeId;
    }

    @Override
    public StreamObserver<AttachRequest> attach(StreamObserver<AttachResponse> emulator) {
        return new EmulatorStream((ServerCallStreamObserver<AttachResponse>) emulator, this, Principals.current());
    }

    NodeDirectory directory() {
        return directory;
    }

    RegistryClient registry() {
        return registry;
    }

    String nodeId() {
        return nodeId;
    }

    AttachingStreams attaching() {
        return attaching;
    }
}
