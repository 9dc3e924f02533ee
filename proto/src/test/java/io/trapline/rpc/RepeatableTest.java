package io.trapline.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SessionServiceGrpc;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class RepeatableTest {
    /** In the contract and not built: none of them may be carried out twice. */
    private static final Set<String> ONCE_ONLY = Set.of(
            "trapline.v1.DomainService/TrackDirty",
            "trapline.v1.DomainService/ModifiedMemory",
            "trapline.v1.DomainService/Checkpoint",
            "trapline.v1.DomainService/Restore");

    @Test
    void everyControlCallIsAQuestionOrNamesItsRequestOrIsListedHere() {
        Set<String> asked = new HashSet<>();
        for (ServiceDescriptor service : List.of(
                DomainServiceGrpc.getServiceDescriptor(),
                IoreqServerServiceGrpc.getServiceDescriptor(),
                SessionServiceGrpc.getServiceDescriptor(),
                ClusterServiceGrpc.getServiceDescriptor())) {
            for (MethodDescriptor<?, ?> method : service.getMethods()) {
                String name = method.getFullMethodName();
                boolean isQuestion = Repeatable.QUESTIONS.contains(name);
                boolean isOnceOnly = ONCE_ONLY.contains(name);
                assertThat(List.of(isQuestion, isOnceOnly, hasRequestId(method)))
                        .as(name)
                        .containsOnlyOnce(true);
                asked.add(name);
            }
        }
        // Relayed without the rest of its service, which is a node's own.
        asked.add(RegistryServiceGrpc.getAwaitMethod().getFullMethodName());
        assertThat(asked).containsAll(Repeatable.QUESTIONS).containsAll(ONCE_ONLY);
    }

    private static boolean hasRequestId(MethodDescriptor<?, ?> method) {
        ProtoMethodDescriptorSupplier schema = (ProtoMethodDescriptorSupplier) method.getSchemaDescriptor();
        return schema != null && schema.getMethodDescriptor().getInputType().findFieldByName("request_id") != null;
    }

    @Test
    void aChangeIsRepeatableWithARequestIdOnly() {
        var method = DomainServiceGrpc.getCreateDomainMethod();
        CreateDomainRequest without =
                CreateDomainRequest.newBuilder().setDomid(7).setNrPages(1).build();
        CreateDomainRequest with = without.toBuilder()
                .setRequestId(RequestId.newBuilder().setSession(1).setNumber(1))
                .build();
        assertThat(Repeatable.is(method, without)).isFalse();
        assertThat(Repeatable.is(method, with)).isTrue();
    }

    @Test
    void bytesAreLookedThroughAsMessagesAre() {
        var method = DomainServiceGrpc.getCreateDomainMethod().toBuilder(Bytes.OF_MESSAGES, Bytes.OF_MESSAGES)
                .build();
        byte[] with = CreateDomainRequest.newBuilder()
                .setRequestId(RequestId.newBuilder().setSession(1).setNumber(1))
                .build()
                .toByteArray();
        assertThat(Repeatable.is(method, with)).isTrue();
        assertThat(Repeatable.is(method, new byte[] {1, 2, 3})).isFalse();
    }

    @Test
    void aQuestionIsRepeatable() {
        assertThat(Repeatable.is(DomainServiceGrpc.getListDomainsMethod(), ListDomainsRequest.getDefaultInstance()))
                .isTrue();
    }
}
