package io.trapline.kubernetes;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a schema does not say of several objects: that what one names is in another. */
final class ClusterRules {
    private final Manifests manifests;
    private final List<String> found = new ArrayList<>();

    private ClusterRules(Manifests manifests) {
        this.manifests = manifests;
    }

    static List<String> check(Manifests manifests) {
        ClusterRules rules = new ClusterRules(manifests);
        manifests.ofKind("StatefulSet").forEach(rules::statefulSet);
        manifests.ofKind("Service").forEach(rules::service);
        manifests.ofKind("NetworkPolicy").forEach(rules::networkPolicy);
        manifests.ofKind("PodDisruptionBudget").forEach(rules::budget);
        manifests.containers().forEach(rules::references);
        rules.namespaces();
        return rules.found;
    }

    private void statefulSet(Part set) {
        String name = Manifests.nameOf(set);
        if (!manifests.chosenBy(set.at("spec.selector.matchLabels")).equals(List.of(set))) {
            found.add(name + ": its selector does not choose its own pods alone");
        }
        String service = set.at("spec.serviceName").text().orElse("");
        if (manifests
                .find("Service/" + service)
                .filter(each -> each.at("spec.clusterIP").is("None"))
                .filter(each -> manifests.chosenBy(each.at("spec.selector")).contains(set))
                .isEmpty()) {
            found.add(name + ": serviceName '" + service + "' is no headless Service of its pods");
        }
        if (set.at("spec.updateStrategy.rollingUpdate.partition").number().orElse(0)
                > set.at("spec.replicas").number().orElse(1)) {
            found.add(name + ": partition is above replicas");
        }
        Part pod = set.at("spec.template.spec");
        for (Part term : pod.at("affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution")
                .items()) {
            chooses(name + ", anti-affinity", term.at("labelSelector.matchLabels"), set);
        }
        for (Part spread : pod.at("topologySpreadConstraints").items()) {
            chooses(name + ", spread", spread.at("labelSelector.matchLabels"), set);
        }
    }

    private void chooses(String who, Part matchLabels, Part set) {
        if (!manifests.chosenBy(matchLabels).contains(set)) {
            found.add(who + ": the selector does not choose its pods");
        }
    }

    private void service(Part service) {
        String name = Manifests.nameOf(service);
        List<Part> chosen = manifests.chosenBy(service.at("spec.selector"));
        if (chosen.size() != 1 || !service.at("spec.selector").isThere()) {
            found.add(name + ": its selector chooses " + chosen.size() + " sets of pods, not 1");
        }
        for (String target : service.at("spec.ports").each("targetPort")) {
            chosen.forEach(set -> port(name, target, set));
        }
        // Pods by their own names, for those that are about to become ready.
        if (service.at("spec.clusterIP").is("None")
                && !service.at("spec.publishNotReadyAddresses").is("true")) {
            found.add(name + ": is headless and does not publish names that are not ready");
        }
    }

    private void port(String name, String port, Part set) {
        boolean isThere = set.at("spec.template.spec.containers").items().stream()
                .flatMap(each -> each.at("ports").items().stream())
                .anyMatch(each ->
                        each.at("name").is(port) || each.at("containerPort").is(port));
        if (!isThere) {
            found.add(name + ": " + Manifests.nameOf(set) + " has no port '" + port + "'");
        }
    }

    private void networkPolicy(Part policy) {
        String name = Manifests.nameOf(policy);
        List<Part> chosen = manifests.chosenBy(policy.at("spec.podSelector.matchLabels"));
        if (chosen.isEmpty()) {
            found.add(name + ": chooses no pods");
        }
        for (Part rule : policy.at("spec.ingress").items()) {
            if (rule.at("from").items().isEmpty() || rule.at("ports").items().isEmpty()) {
                found.add(name + ": lets everybody in, or to every port");
            }
            rule.at("ports").each("port").forEach(port -> chosen.forEach(set -> port(name, port, set)));
            for (Part from : rule.at("from").items()) {
                Part labels = from.at("podSelector.matchLabels");
                if (!from.at("namespaceSelector").isThere()
                        && manifests.chosenBy(labels).isEmpty()) {
                    found.add(name + ": lets in pods that are not there: " + labels.texts());
                }
            }
        }
    }

    private void budget(Part budget) {
        String name = Manifests.nameOf(budget);
        List<Part> chosen = manifests.chosenBy(budget.at("spec.selector.matchLabels"));
        if (chosen.size() != 1) {
            found.add(name + ": chooses " + chosen.size() + " sets of pods, not 1");
        }
        for (Part set : chosen) {
            int replicas = set.at("spec.replicas").number().orElse(1);
            int away = budget.at("spec.maxUnavailable").number().orElse(0);
            int kept = budget.at("spec.minAvailable").number().orElse(replicas - away);
            if (kept <= replicas / 2 || kept >= replicas) {
                found.add(name + ": keeps " + kept + " of " + replicas
                        + ": not a majority, or all, so that no host can be emptied");
            }
        }
    }

    private void references(Manifests.Container container) {
        for (Part variable : container.part().at("env").items()) {
            if (variable.at("value").isThere()) {
                continue;
            }
            Part from = variable.at("valueFrom");
            Part reference = from.at("configMapKeyRef");
            if (!from.isThere()
                    || reference.at("optional").is("true")
                    || from.at("fieldRef").isThere()) {
                continue;
            }
            String map = reference.at("name").text().orElse("");
            String key = reference.at("key").text().orElse("");
            if (manifests
                    .find("ConfigMap/" + map)
                    .filter(each -> each.at("data").step(key).isThere())
                    .isEmpty()) {
                found.add(container.name() + ": no key '" + key + "' of a ConfigMap '" + map + "' for "
                        + variable.at("name").text().orElse(""));
            }
        }
        Set<String> variables = new HashSet<>(container.part().at("env").each("name"));
        for (Part argument : container.part().at("args").items()) {
            String text = argument.text().orElse("");
            for (int i = text.indexOf("$("); i >= 0; i = text.indexOf("$(", i + 1)) {
                String name = text.substring(i + 2, text.indexOf(')', i));
                if (!variables.contains(name)) {
                    found.add(container.name() + ": no variable " + name + " for " + text);
                }
            }
        }
        if (container.object().at("kind").is("StatefulSet")) {
            for (String map : container.pod().at("volumes").each("configMap.name")) {
                if (manifests.find("ConfigMap/" + map).isEmpty()) {
                    found.add(container.name() + ": no ConfigMap '" + map + "' to mount");
                }
            }
            String account = container.pod().at("serviceAccountName").text().orElse("");
            if (manifests
                    .find("ServiceAccount/" + account)
                    .filter(each -> each.at("automountServiceAccountToken").is("false"))
                    .isEmpty()) {
                found.add(container.name() + ": no ServiceAccount '" + account + "' without a token");
            }
        }
    }

    private void namespaces() {
        for (Part object : manifests.objects()) {
            if (!object.at("kind").is("Namespace")
                    && !object.at("metadata.namespace").is("trapline")) {
                found.add(Manifests.nameOf(object) + ": is not in the namespace of the names in it");
            }
        }
    }
}
