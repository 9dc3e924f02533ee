package io.trapline.kubernetes;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a schema does not say of one pod: what is mounted is there, what is limited suffices, what is asked listens, and the restricted level of Pod Security. */
final class PodRules {
    private static final Map<String, Integer> BINARY = Map.of("Ki", 10, "Mi", 20, "Gi", 30, "Ti", 40);
    private static final int LONGEST_PORT_NAME = 15;
    private static final List<String> PROBES = List.of("startupProbe", "readinessProbe", "livenessProbe");
    private static final Set<String> SERVICES = Set.of("ready", "alive");
    private static final int ROOT = 0;

    private PodRules() {}

    static List<String> check(Manifests manifests) {
        List<String> found = new ArrayList<>();
        for (Manifests.Container container : manifests.containers()) {
            mounts(container, found);
            resources(container, found);
            ports(container, found);
            probes(container, found);
            restricted(container, found);
        }
        for (Part object : manifests.withPods()) {
            pod(object, object.at("spec.template.spec"), found);
        }
        return found;
    }

    private static void mounts(Manifests.Container container, List<String> found) {
        Set<String> volumes = new HashSet<>(container.pod().at("volumes").each("name"));
        volumes.addAll(container.object().at("spec.volumeClaimTemplates").each("metadata.name"));
        Set<String> paths = new HashSet<>();
        for (Part mount : container.part().at("volumeMounts").items()) {
            String name = mount.at("name").text().orElse("");
            String path = mount.at("mountPath").text().orElse("");
            if (!volumes.contains(name)) {
                found.add(container.name() + ": no volume '" + name + "' for " + path);
            }
            if (!paths.add(path)) {
                found.add(container.name() + ": two volumes at " + path);
            }
        }
    }

    private static void resources(Manifests.Container container, List<String> found) {
        Part resources = container.part().at("resources");
        Map<String, String> limits = resources.at("limits").texts();
        Map<String, String> requests = resources.at("requests").texts();
        for (String resource : List.of("cpu", "memory")) {
            if (!requests.containsKey(resource)) {
                found.add(container.name() + ": requests no " + resource);
            }
        }
        if (!limits.containsKey("memory")) {
            found.add(container.name() + ": no limit of memory");
        }
        requests.forEach((resource, amount) -> {
            String limit = limits.get(resource);
            if (limit != null && quantity(amount).compareTo(quantity(limit)) > 0) {
                found.add(container.name() + ": requests " + amount + " of " + resource + ", above its limit of "
                        + limit);
            }
        });
    }

    /** A quantity as Kubernetes writes it. */
    static BigDecimal quantity(String text) {
        String unit = text.replaceFirst("^[0-9.]+", "");
        BigDecimal number = new BigDecimal(text.substring(0, text.length() - unit.length()));
        if (unit.isEmpty()) {
            return number;
        }
        if (unit.equals("m")) {
            return number.movePointLeft(3);
        }
        return number.multiply(BigDecimal.TWO.pow(Optional.ofNullable(BINARY.get(unit))
                .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is no quantity of ours"))));
    }

    private static void ports(Manifests.Container container, List<String> found) {
        Set<String> names = new HashSet<>();
        for (String name : container.part().at("ports").each("name")) {
            if (name.length() > LONGEST_PORT_NAME) {
                found.add(container.name() + ": port name '" + name + "' is longer than " + LONGEST_PORT_NAME);
            }
            if (!names.add(name)) {
                found.add(container.name() + ": two ports '" + name + "'");
            }
        }
    }

    private static void probes(Manifests.Container container, List<String> found) {
        List<String> ports = container.part().at("ports").each("containerPort");
        for (String probe : PROBES) {
            Part grpc = container.part().at(probe).at("grpc");
            if (container.object().at("kind").is("Job")
                    && !container.part().at(probe).isThere()) {
                continue;
            }
            if (!grpc.isThere()) {
                found.add(container.name() + ": " + probe + " is no grpc probe");
            } else if (!ports.contains(grpc.at("port").text().orElse(""))) {
                found.add(container.name() + ": " + probe + " asks a port that it has not");
            } else if (!SERVICES.contains(grpc.at("service").text().orElse(""))) {
                found.add(container.name() + ": " + probe + " asks neither 'ready' nor 'alive'");
            }
        }
        if (container.part().at("livenessProbe.grpc.service").is("ready")) {
            found.add(container.name() + ": livenessProbe asks 'ready': what waits for others would be started again");
        }
    }

    private static void restricted(Manifests.Container container, List<String> found) {
        Part own = container.part().at("securityContext");
        Part pod = container.pod().at("securityContext");
        if (!own.at("allowPrivilegeEscalation").is("false")) {
            found.add(container.name() + ": allowPrivilegeEscalation is not false");
        }
        if (own.at("privileged").is("true")) {
            found.add(container.name() + ": privileged");
        }
        if (!own.at("capabilities.drop").items().stream().anyMatch(each -> each.is("ALL"))) {
            found.add(container.name() + ": capabilities are not all dropped");
        }
        if (own.at("capabilities.add").items().stream().anyMatch(each -> !each.is("NET_BIND_SERVICE"))) {
            found.add(container.name() + ": adds capabilities");
        }
        if (!own.at("readOnlyRootFilesystem").is("true")) {
            found.add(container.name() + ": its root can be written");
        }
        if (!or(own, pod, "runAsNonRoot").is("true")) {
            found.add(container.name() + ": runAsNonRoot is not true");
        }
        if (or(own, pod, "runAsUser").number().orElse(ROOT) == ROOT) {
            found.add(container.name() + ": runAsUser is root, or not given");
        }
        Part seccomp = or(own, pod, "seccompProfile").at("type");
        if (!seccomp.is("RuntimeDefault") && !seccomp.is("Localhost")) {
            found.add(container.name() + ": no seccomp profile");
        }
    }

    private static Part or(Part own, Part pod, String field) {
        return own.at(field).isThere() ? own.at(field) : pod.at(field);
    }

    private static void pod(Part object, Part pod, List<String> found) {
        String name = Manifests.nameOf(object);
        for (String field : List.of("hostNetwork", "hostPID", "hostIPC")) {
            if (pod.at(field).is("true")) {
                found.add(name + ": " + field);
            }
        }
        for (Part volume : pod.at("volumes").items()) {
            boolean isAllowed = List.of(
                            "configMap",
                            "csi",
                            "downwardAPI",
                            "emptyDir",
                            "ephemeral",
                            "persistentVolumeClaim",
                            "projected",
                            "secret")
                    .stream()
                    .anyMatch(type -> volume.at(type).isThere());
            if (!isAllowed) {
                found.add(name + ": volume '" + volume.at("name").text().orElse("") + "' is of a type that is refused");
            }
        }
        if (!pod.at("automountServiceAccountToken").is("false")) {
            found.add(name + ": has a token of Kubernetes' API");
        }
        if (!pod.at("enableServiceLinks").is("false")) {
            found.add(name
                    + ": enableServiceLinks is not false: the processes refuse TRAPLINE_SERVICE_HOST as a setting");
        }
    }
}
