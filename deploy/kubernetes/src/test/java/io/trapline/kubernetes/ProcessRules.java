package io.trapline.kubernetes;

import io.trapline.process.CoordinatorSettings;
import io.trapline.process.NodeSettings;
import io.trapline.process.SettingSources;
import io.trapline.process.WrongSettings;
import io.trapline.server.ListenAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** What each pod's process makes of its flags, variables and file, read as it reads them. */
final class ProcessRules {
    private final Manifests manifests;
    private final List<String> found = new ArrayList<>();

    private ProcessRules(Manifests manifests) {
        this.manifests = manifests;
    }

    static List<String> check(Manifests manifests) {
        ProcessRules rules = new ProcessRules(manifests);
        for (Manifests.Container container : manifests.containers()) {
            if (!container.object().at("kind").is("StatefulSet")) {
                continue;
            }
            int replicas = container.object().at("spec.replicas").number().orElse(1);
            for (int i = 0; i < replicas; i++) {
                rules.process(container, i, replicas);
            }
        }
        return rules.found;
    }

    private void process(Manifests.Container container, int ordinal, int replicas) {
        String pod = container.object().at("metadata.name").text().orElse("") + "-" + ordinal;
        Map<String, String> environment = environment(container, pod);
        List<String> words = container.part().at("args").items().stream()
                .map(each -> each.text().orElse("").replace("$(POD_NAME)", pod))
                .toList();
        Map<String, String> flags = new LinkedHashMap<>();
        for (String word : words.subList(1, words.size())) {
            int sign = word.indexOf('=');
            flags.put(word.substring(2, sign < 0 ? word.length() : sign), sign < 0 ? "true" : word.substring(sign + 1));
        }
        Optional<SettingSources.File> file = Optional.ofNullable(flags.remove("config"))
                .map(path -> new SettingSources.File(path, mounted(container, pod, path)));
        SettingSources sources = new SettingSources(flags, environment, file);
        try {
            if (words.getFirst().equals("coordinator")) {
                unknown(
                        pod,
                        flags,
                        CoordinatorSettings.KEYS.stream().map(key -> key.name()).toList());
                coordinator(pod, replicas, container, CoordinatorSettings.of(sources));
            } else {
                unknown(
                        pod,
                        flags,
                        NodeSettings.KEYS.stream().map(key -> key.name()).toList());
                node(pod, container, NodeSettings.of(sources));
            }
        } catch (WrongSettings wrong) {
            found.add(pod + ": " + wrong.getMessage());
        }
    }

    private void unknown(String pod, Map<String, String> flags, List<String> keys) {
        TreeSet<String> unknown = new TreeSet<>(flags.keySet());
        keys.forEach(unknown::remove);
        unknown.forEach(flag -> found.add(pod + ": there is no flag --" + flag));
    }

    private Map<String, String> environment(Manifests.Container container, String pod) {
        Map<String, String> environment = new LinkedHashMap<>();
        for (Part variable : container.part().at("env").items()) {
            String name = variable.at("name").text().orElse("");
            Part map = variable.at("valueFrom.configMapKeyRef");
            Optional<String> value = variable.at("valueFrom.fieldRef.fieldPath").is("metadata.name")
                    ? Optional.of(pod)
                    : variable.at("value")
                            .text()
                            .or(() -> manifests
                                    .find("ConfigMap/" + map.at("name").text().orElse(""))
                                    .flatMap(each -> each.at("data")
                                            .step(map.at("key").text().orElse(""))
                                            .text()));
            value.ifPresent(text -> environment.put(name, text));
        }
        return environment;
    }

    /** The text of a file of a ConfigMap that is mounted; says where there is none. */
    private String mounted(Manifests.Container container, String pod, String path) {
        int slash = path.lastIndexOf('/');
        Optional<String> text = container.part().at("volumeMounts").items().stream()
                .filter(each -> each.at("mountPath").is(path.substring(0, slash)))
                .flatMap(mount -> container.pod().at("volumes").items().stream()
                        .filter(volume -> volume.at("name").equals(mount.at("name"))))
                .flatMap(
                        volume -> manifests
                                .find("ConfigMap/"
                                        + volume.at("configMap.name").text().orElse(""))
                                .stream())
                .flatMap(map -> map.at("data").step(path.substring(slash + 1)).text().stream())
                .findFirst();
        if (text.isEmpty()) {
            found.add(pod + ": no file is mounted at " + path);
        }
        return text.orElse("");
    }

    private void coordinator(String pod, int replicas, Manifests.Container container, CoordinatorSettings settings) {
        if (settings.peers().size() != replicas) {
            found.add(pod + ": knows " + settings.peers().size() + " coordinators of " + replicas);
        }
        String own = pod + ".trapline-coordinator.trapline.svc.cluster.local";
        if (settings.peers().stream()
                .filter(peer -> peer.id().equals(settings.id()))
                .noneMatch(peer -> peer.services().host().equals(own)
                        && peer.raft().host().equals(own)
                        && has(container, "grpc", peer.services().port())
                        && has(container, "raft", peer.raft().port()))) {
            found.add(pod + ": as " + settings.id() + " it is not where its peers look for it");
        }
        listens(pod, container, settings.listen(), settings.health(), settings.metrics());
        boolean isOnDisk = container.part().at("volumeMounts").items().stream()
                .filter(mount -> container.object().at("spec.volumeClaimTemplates").each("metadata.name").stream()
                        .anyMatch(mount.at("name")::is))
                .anyMatch(mount ->
                        settings.data().startsWith(mount.at("mountPath").text().orElse("?") + "/"));
        if (!isOnDisk) {
            found.add(pod + ": --data " + settings.data() + " is not below a persistent volume");
        }
    }

    private void node(String pod, Manifests.Container container, NodeSettings settings) {
        if (settings.advertise()
                .filter(each -> each.host().equals(pod + ".trapline-node.trapline.svc.cluster.local"))
                .isEmpty()) {
            found.add(pod + ": does not advertise its own name");
        }
        listens(pod, container, settings.listen(), settings.health(), settings.metrics());
        long limit = PodRules.quantity(
                        container.part().at("resources.limits.memory").text().orElse("0"))
                .longValueExact();
        // The heap and what the JVM itself needs come on top.
        if (settings.memoryBytes().orElse(Long.MAX_VALUE) > limit - (1280L << 20)) {
            found.add(pod + ": --memory and 1.25 GiB are above the limit of the container");
        }
        long grace =
                container.pod().at("terminationGracePeriodSeconds").number().orElse(30);
        long before =
                container.part().at("lifecycle.preStop.sleep.seconds").number().orElse(0);
        // After the drain: the lease is resigned, calls under way and streams end.
        if (before + settings.drainTimeout().toSeconds() + 15 > grace) {
            found.add(pod + ": preStop, --drain-timeout and 15 s are longer than terminationGracePeriodSeconds");
        }
    }

    private void listens(
            String pod,
            Manifests.Container container,
            ListenAddress services,
            Optional<ListenAddress> health,
            Optional<ListenAddress> metrics) {
        listens(pod, container, "grpc", services.port());
        listens(pod, container, "health", health.map(ListenAddress::port).orElse(0));
        listens(pod, container, "metrics", metrics.map(ListenAddress::port).orElse(0));
    }

    private void listens(String pod, Manifests.Container container, String name, int port) {
        if (!has(container, name, port)) {
            found.add(pod + ": listens at " + port + ", which is not its port '" + name + "'");
        }
    }

    private static boolean has(Manifests.Container container, String name, int port) {
        return container.part().at("ports").items().stream()
                .anyMatch(each ->
                        each.at("name").is(name) && each.at("containerPort").is(String.valueOf(port)));
    }
}
