package io.trapline.rpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which control calls may be carried out twice: questions, and changes that name their request (section E, D-6). */
final class Repeatable {
    private static final String REQUEST_ID = "request_id";

    /** They change nothing, or the second time nothing more. */
    static final Set<String> QUESTIONS = Set.of(
            "trapline.v1.DomainService/ListDomains",
            "trapline.v1.DomainService/DescribeDomain",
            "trapline.v1.IoreqServerService/GetIoreqServerInfo",
            "trapline.v1.IoreqServerService/ListIoreqServers",
            "trapline.v1.IoreqServerService/ListClaims",
            "trapline.v1.IoreqServerService/ListClaimHistory",
            "trapline.v1.IoreqServerService/WatchClaims",
            "trapline.v1.SessionService/OpenSession",
            "trapline.v1.SessionService/RenewSession",
            "trapline.v1.SessionService/CloseSession",
            "trapline.v1.ClusterService/GetLimits",
            "trapline.v1.ClusterService/ListNodes",
            "trapline.v1.ClusterService/ListCoordinators",
            "trapline.v1.ClusterService/GetVersion",
            "trapline.internal.v1.RegistryService/Await");

    private Repeatable() {}

    /** Whether that request of that method may be sent again after it may have been carried out. */
    static <Q> boolean is(MethodDescriptor<Q, ?> method, Q request) {
        return QUESTIONS.contains(method.getFullMethodName()) || hasRequestId(method, request);
    }

    private static <Q> boolean hasRequestId(MethodDescriptor<Q, ?> method, Q request) {
        FieldDescriptor field = requestIdOf(method);
        if (field == null) {
            return false;
        }
        try (InputStream bytes = method.streamRequest(request)) {
            CodedInputStream in = CodedInputStream.newInstance(bytes);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (WireFormat.getTagFieldNumber(tag) == field.getNumber()) {
                    return true;
                }
                in.skipField(tag);
            }
            return false;
        } catch (IOException malformed) {
            // Whoever it is relayed to refuses it.
            return false;
        }
    }

    private static @Nullable FieldDescriptor requestIdOf(MethodDescriptor<?, ?> method) {
        return method.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier schema
                ? schema.getMethodDescriptor().getInputType().findFieldByName(REQUEST_ID)
                : null;
    }
}
