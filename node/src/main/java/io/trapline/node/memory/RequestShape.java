package io.trapline.node.memory;

import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.types.TypeRequest;
import io.trapline.v1.IoreqKey;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;

/** Whether a request is well-formed by itself: EINVAL that names the field, its value and the limit (E, L). */
final class RequestShape {
    private RequestShape() {}

    static Optional<Refusal> check(ReadMemoryRequest request) {
        return columns(request.getGpaCount(), request.getSizeBytesCount())
                .or(() -> behalf(request.getOnBehalfOf()))
                .or(() -> segments(request.getGpaCount(), request::getGpa, request::getSizeBytes));
    }

    static Optional<Refusal> check(WriteMemoryRequest request) {
        return columns(request.getGpaCount(), request.getSizeBytesCount())
                .or(() -> requestId(request.hasRequestId(), request.getRequestId(), request.getDomainGeneration()))
                .or(() -> behalf(request.getOnBehalfOf()))
                .or(() -> segments(request.getGpaCount(), request::getGpa, request::getSizeBytes))
                .or(() -> data(request));
    }

    static Optional<Refusal> check(SetMemTypeRequest request) {
        return TypeRequest.check(request.getRunsList())
                .or(() -> requestId(request.hasRequestId(), request.getRequestId(), request.getDomainGeneration()))
                .or(() -> behalf(request.getOnBehalfOf()));
    }

    /** Columns of segments: how many there are (F2). */
    private static Optional<Refusal> columns(int gpas, int sizes) {
        if (gpas == 0) {
            return invalid("gpa", "0 segments", "1 … " + Limit.MAX_SEGMENTS_PER_CALL.value());
        }
        if (gpas > Limit.MAX_SEGMENTS_PER_CALL.value()) {
            return Optional.of(Refusal.overLimit(Errno.EINVAL, "gpa", gpas, Limit.MAX_SEGMENTS_PER_CALL));
        }
        return sizes == gpas
                ? Optional.empty()
                : invalid("size_bytes", sizes + " elements", "gpa has " + gpas + ", columns have one length");
    }

    /** Each segment and their sum (F2). */
    private static Optional<Refusal> segments(int count, IntToLongFunction gpas, IntUnaryOperator sizes) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            long gpa = gpas.applyAsLong(i);
            long size = Integer.toUnsignedLong(sizes.applyAsInt(i));
            if (size == 0) {
                return invalid("size_bytes[" + i + "]", 0, "1 and up");
            }
            sum += size;
            if (sum > Limit.MAX_BYTES_PER_CALL.value()) {
                return Optional.of(Refusal.overLimit(Errno.EINVAL, "size_bytes", sum, Limit.MAX_BYTES_PER_CALL));
            }
            if (!Gpa.isValid(gpa) || gpa + size - 1 > Gpa.MAX) {
                String why = "with " + size + " bytes it passes " + Limit.MAX_GPA_BITS.value() + " bits";
                return Optional.of(Refusal.invalid("gpa[" + i + "]", "0x" + Long.toHexString(gpa), why)
                        .with("limit", Gpa.MAX));
            }
        }
        return Optional.empty();
    }

    private static Optional<Refusal> data(WriteMemoryRequest request) {
        long sum = 0;
        for (int i = 0; i < request.getSizeBytesCount(); i++) {
            sum += request.getSizeBytes(i);
        }
        return request.getData().size() == sum
                ? Optional.empty()
                : Optional.of(
                        Refusal.invalid("data", request.getData().size() + " bytes", "size_bytes add up to " + sum)
                                .with("limit", sum));
    }

    /** A request id, where there is one (E), and which domain it is for: the next one of that id knows nothing of what was answered under it. */
    private static Optional<Refusal> requestId(boolean given, RequestId id, long domainGeneration) {
        if (!given) {
            return Optional.empty();
        }
        if (id.getNumber() <= 0) {
            return invalid("request_id.number", Long.toUnsignedString(id.getNumber()), "1 … 2^63 - 1");
        }
        if (id.getAcknowledgedThrough() < 0 || id.getAcknowledgedThrough() >= id.getNumber()) {
            return invalid(
                    "request_id.acknowledged_through",
                    Long.toUnsignedString(id.getAcknowledgedThrough()),
                    "0 … number - 1 = " + (id.getNumber() - 1));
        }
        return domainGeneration != 0
                ? Optional.empty()
                : invalid("domain_generation", 0, "a call with a request id names the domain's: see DescribeDomain");
    }

    /** For whom a call is made, where it says so (F2). */
    private static Optional<Refusal> behalf(OnBehalfOf behalf) {
        int count = behalf.getServingCount();
        if (count > Limit.MAX_ROWS_PER_BATCH.value()) {
            return Optional.of(
                    Refusal.overLimit(Errno.EINVAL, "on_behalf_of.serving", count, Limit.MAX_ROWS_PER_BATCH));
        }
        for (int i = 0; i < count; i++) {
            IoreqKey key = behalf.getServing(i);
            String field = "on_behalf_of.serving[" + i + "]";
            if (key.getVcpu() < 0 || key.getVcpu() >= Limit.MAX_VCPUS_PER_DOMAIN.value()) {
                return invalid(field + ".vcpu", Integer.toUnsignedString(key.getVcpu()), "0 … 4095");
            }
            if (key.getPart() < 0) {
                return invalid(field + ".part", Integer.toUnsignedString(key.getPart()), "0 … 2^31 - 1");
            }
        }
        return Optional.empty();
    }

    private static Optional<Refusal> invalid(String field, Object value, String why) {
        return Optional.of(Refusal.invalid(field, value, why));
    }
}
