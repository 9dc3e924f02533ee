package io.trapline.metrics;

import io.grpc.ServerInterceptor;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trapline.coordinator.CoordinatorReadings;
import io.trapline.node.NodeReadings;
import io.trapline.node.peer.LinkReading;
import io.trapline.node.peer.TrafficClass;
import io.trapline.v1.DomainState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The metrics of one process. Their names, types and labels are in docs/OPERATIONS.md. Nothing is counted for them on the way of an
 * access: what there is already is read when somebody asks.
 */
public final class Metrics {
    private static final String DOMAIN_STATE = "DOMAIN_STATE_";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final List<Readings<?>> readings = new ArrayList<>();
    private final CallCounts calls = new CallCounts(registry);

    /** Counts the calls of a server. */
    public ServerInterceptor calls() {
        return calls;
    }

    /** The process has a coordinator. */
    public void coordinator(Supplier<CompletionStage<CoordinatorReadings>> source) {
        Readings<CoordinatorReadings> of = new Readings<>(source);
        readings.add(of);
        gauge(of, "coordinator.leads", "1 where it leads", now -> now.leads() ? 1 : 0);
        gauge(of, "coordinator.term", "The highest term that it has seen", CoordinatorReadings::term);
        gauge(of, "coordinator.peers", "Coordinators in its configuration", CoordinatorReadings::coordinators);
        gauge(of, "coordinator.leased.nodes", "Nodes with a lease, where it leads", CoordinatorReadings::leasedNodes);
        counter(of, "coordinator.lapses", "Leases that it has taken for lapsed", CoordinatorReadings::lapses);
        FunctionTimer.builder(
                        "trapline.coordinator.commit",
                        of,
                        it -> (long) zeroIfNone(it.value(CoordinatorReadings::commits)),
                        it -> zeroIfNone(it.value(CoordinatorReadings::commitNanos)),
                        TimeUnit.NANOSECONDS)
                .description("Log entries from being proposed here to being applied here")
                .register(registry);
        gauge(
                of,
                "registry.revision",
                "The last revision applied",
                now -> now.registry().revision());
        gauge(
                of,
                "registry.leadership",
                "The revision that began the last leadership",
                now -> now.registry().leadership());
        gauge(
                of,
                "registry.nodes",
                "Nodes that are registered",
                now -> now.registry().nodes());
        gauge(of, "registry.claims", "Claims that stand", now -> now.registry().claims());
        gauge(
                of,
                "registry.degraded.domains",
                "Domains that should have two copies of each page and have not",
                now -> now.registry().degraded());
        for (DomainState state : DomainState.values()) {
            if (state != DomainState.UNRECOGNIZED && state != DomainState.DOMAIN_STATE_UNSPECIFIED) {
                String name = state.name().substring(DOMAIN_STATE.length()).toLowerCase(Locale.ROOT);
                gauge(
                        of,
                        "registry.domains",
                        "Domains by state",
                        Tags.of("state", name),
                        now -> now.registry().domains().getOrDefault(state, 0L));
            }
        }
    }

    /** The process has a node. */
    public void node(Supplier<CompletionStage<NodeReadings>> source) {
        Readings<NodeReadings> of = new Readings<>(source);
        readings.add(of);
        gauge(of, "node.serves", "1 where it has a lease and has caught up", now -> now.serves() ? 1 : 0);
        seconds(of);
        gauge(
                of,
                "node.kept.answers",
                "Answers under request ids that its copies of shards keep",
                NodeReadings::keptAnswers);
        gauge(
                of,
                "node.replication.steps",
                "Steps of its primaries that their other copies are not known to have done",
                NodeReadings::unacknowledgedSteps);
        counter(of, "node.promotions", "Copies here that have become primaries", NodeReadings::promotions);
        counter(of, "node.refused.answers", "Answers of emulators that were refused", NodeReadings::refusedAnswers);
        for (TrafficClass each : TrafficClass.values()) {
            Tags tags = Tags.of("class", each.name().toLowerCase(Locale.ROOT));
            bytes(of, "node.link.queued", "Wait to be sent to other nodes", tags, each, LinkReading::queuedBytes);
            bytes(
                    of,
                    "node.link.unacknowledged",
                    "Were sent to other nodes and are not known to have arrived",
                    tags,
                    each,
                    LinkReading::unacknowledgedBytes);
            bytes(
                    of,
                    "node.link.credit",
                    "May yet be sent, at the link that has the least",
                    tags,
                    each,
                    LinkReading::creditBytes);
        }
    }

    private void seconds(Readings<NodeReadings> of) {
        Gauge.builder("trapline.node.lease.remaining", of, it -> it.value(now -> now.leaseNanos() / 1e9))
                .description("How long it may serve yet if it is granted no more")
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }

    private void bytes(
            Readings<NodeReadings> of,
            String name,
            String description,
            Tags tags,
            TrafficClass each,
            ToDoubleFunction<LinkReading> value) {
        // Without links nothing waits, and whatever the first one is given may be sent.
        LinkReading none = new LinkReading(0, 0, each.initialCreditBytes());
        Gauge.builder(
                        "trapline." + name,
                        of,
                        it -> it.value(now -> value.applyAsDouble(now.links().getOrDefault(each, none))))
                .description(description)
                .baseUnit("bytes")
                .tags(tags)
                .strongReference(true)
                .register(registry);
    }

    private <T> void gauge(Readings<T> of, String name, String description, ToDoubleFunction<T> value) {
        gauge(of, name, description, Tags.empty(), value);
    }

    private <T> void gauge(Readings<T> of, String name, String description, Tags tags, ToDoubleFunction<T> value) {
        Gauge.builder("trapline." + name, of, it -> it.value(value))
                .description(description)
                .tags(tags)
                .strongReference(true)
                .register(registry);
    }

    private <T> void counter(Readings<T> of, String name, String description, ToDoubleFunction<T> value) {
        FunctionCounter.builder("trapline." + name, of, it -> zeroIfNone(it.value(value)))
                .description(description)
                .register(registry);
    }

    private static double zeroIfNone(double value) {
        return Double.isNaN(value) ? 0 : value;
    }

    /** All of them, as they are now. Throws {@link TimeoutException} where the process does not answer in time. */
    String scrape() throws InterruptedException, ExecutionException, TimeoutException {
        for (Readings<?> each : readings) {
            each.refresh();
        }
        return registry.scrape();
    }
}
