package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Pure;
import io.trapline.model.RangeSet;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.MapIoRangeRequest;
import io.trapline.v1.MapIoRangeResponse;
import io.trapline.v1.UnmapIoRangeRequest;
import io.trapline.v1.UnmapIoRangeResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The ranges of servers (R1). A server keeps them as the contract lists them: by type, then by start, neighbours merged. */
@Pure
final class Ranges {
    private final State state;
    private final Existence existence;
    private final Servers servers;

    Ranges(State state, Existence existence, Servers servers) {
        this.state = state;
        this.existence = existence;
        this.servers = servers;
    }

    Answer map(String principal, MapIoRangeRequest q) {
        IoRange range = q.getRange();
        return existence
                .ownServer(principal, q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .map(Answers::refused)
                .orElseGet(() -> change(
                        q.getDomid(),
                        q.getId(),
                        range.getType(),
                        ranges -> ranges.map(range.getStart(), range.getEnd()),
                        (answer, revision) -> answer.setMapIoRange(
                                MapIoRangeResponse.newBuilder().setRevision(revision))));
    }

    Answer unmap(String principal, UnmapIoRangeRequest q) {
        IoRange range = q.getRange();
        return existence
                .ownServer(principal, q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .map(Answers::refused)
                .orElseGet(() -> change(
                        q.getDomid(),
                        q.getId(),
                        range.getType(),
                        ranges -> ranges.unmap(range.getStart(), range.getEnd()),
                        (answer, revision) -> answer.setUnmapIoRange(
                                UnmapIoRangeResponse.newBuilder().setRevision(revision))));
    }

    /** Puts the response into the answer. */
    private interface Response {
        void put(Answer.Builder answer, long revision);
    }

    private Answer change(
            int domid, int id, IoRangeType type, Function<RangeSet, RangeSet.Outcome> step, Response response) {
        RegisteredServer was = state.server(domid, id);
        IoreqServer server = was.getRecord().getServer();
        return switch (step.apply(of(server, type))) {
            case RangeSet.Refused refused ->
                Answers.refused(
                        refused.refusal().with("domid", domid).with("id", id).with("type", type.name()));
            case RangeSet.Changed changed -> {
                long revision = state.begin();
                servers.change(revision, with(server, type, changed.ranges()), was.getSessionNode());
                Answer.Builder answer = Answers.done(revision);
                response.put(answer, revision);
                yield answer.build();
            }
        };
    }

    private static RangeSet of(IoreqServer server, IoRangeType type) {
        List<IoRange> ranges = server.getRangesList().stream()
                .filter(range -> range.getType() == type)
                .toList();
        return RangeSet.of(
                ranges.stream().mapToLong(IoRange::getStart).toArray(),
                ranges.stream().mapToLong(IoRange::getEnd).toArray());
    }

    private static IoreqServer with(IoreqServer server, IoRangeType type, RangeSet ranges) {
        List<IoRange> all = new ArrayList<>();
        for (IoRangeType each : IoRangeType.values()) {
            if (each != type) {
                server.getRangesList().stream()
                        .filter(range -> range.getType() == each)
                        .forEach(all::add);
            } else {
                for (int i = 0; i < ranges.size(); i++) {
                    all.add(IoRange.newBuilder()
                            .setType(type)
                            .setStart(ranges.start(i))
                            .setEnd(ranges.end(i))
                            .build());
                }
            }
        }
        return server.toBuilder().clearRanges().addAllRanges(all).build();
    }
}
