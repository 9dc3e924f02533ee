package io.trapline.fuzz;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServiceDescriptor;
import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.SessionServiceGrpc;
import java.util.List;

/** Every call of the contract, from the descriptors. */
final class Contract {
    static final List<ServiceDescriptor> SERVICES = List.of(
            ClusterServiceGrpc.getServiceDescriptor(),
            DomainServiceGrpc.getServiceDescriptor(),
            EmulatorServiceGrpc.getServiceDescriptor(),
            GuestServiceGrpc.getServiceDescriptor(),
            IoreqServerServiceGrpc.getServiceDescriptor(),
            MemoryServiceGrpc.getServiceDescriptor(),
            SessionServiceGrpc.getServiceDescriptor());

    private Contract() {}

    static List<MethodDescriptor<?, ?>> all() {
        return SERVICES.stream()
                .<MethodDescriptor<?, ?>>flatMap(service -> service.getMethods().stream())
                .toList();
    }

    static List<MethodDescriptor<Message, Message>> unary() {
        return all().stream()
                .filter(method -> method.getType() == MethodType.UNARY)
                .map(Contract::ofMessages)
                .toList();
    }

    /** An empty request of the call. */
    static Message request(MethodDescriptor<?, ?> method) {
        return (Message) ((PrototypeMarshaller<?>) method.getRequestMarshaller()).getMessagePrototype();
    }

    static String name(MethodDescriptor<?, ?> method) {
        return String.valueOf(method.getBareMethodName());
    }

    @SuppressWarnings("unchecked")
    private static MethodDescriptor<Message, Message> ofMessages(MethodDescriptor<?, ?> method) {
        return (MethodDescriptor<Message, Message>) method;
    }
}
