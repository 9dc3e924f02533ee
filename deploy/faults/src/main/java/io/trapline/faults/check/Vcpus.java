package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.model.Pure;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who runs a vCPU (A6): once it was opened anew, nothing that begins under an older epoch is carried out. And no access of a guest that keeps to its
 * procedure is wrong by itself (A1, A4).
 */
@Pure
final class Vcpus {
    private record VcpuKey(int domid, int vcpu) {}

    private final Map<VcpuKey, TreeMap<Long, Event.Opened>> openings = new HashMap<>();
    private final Findings findings;

    private Vcpus(Findings findings) {
        this.findings = findings;
    }

    static void check(List<Event> events, Findings findings) {
        Vcpus vcpus = new Vcpus(findings);
        for (Event event : events) {
            if (event instanceof Event.Opened opened) {
                vcpus.openings
                        .computeIfAbsent(new VcpuKey(opened.domid(), opened.vcpu()), key -> new TreeMap<>())
                        .put(opened.epoch(), opened);
            }
        }
        for (Event event : events) {
            if (event instanceof Event.Access access) {
                vcpus.check(access);
            }
        }
    }

    private void check(Event.Access access) {
        if (access.outcome().isRefused("EINVAL")) {
            findings.add("A1, A4", "an access is said to be wrong, which it is not", access);
        }
        TreeMap<Long, Event.Opened> ofVcpu = openings.get(new VcpuKey(access.domid(), access.vcpu()));
        if (ofVcpu == null || !access.outcome().isDone()) {
            return;
        }
        for (Event.Opened newer : ofVcpu.tailMap(access.epoch(), false).values()) {
            if (newer.span().isBefore(access.span())) {
                findings.add("A6", "an access is carried out under an epoch that is over", newer, access);
                return;
            }
        }
    }
}
