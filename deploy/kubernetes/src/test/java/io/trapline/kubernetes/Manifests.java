package io.trapline.kubernetes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** All objects that are applied together. */
record Manifests(List<Part> objects) {
    private static final Set<String> WITH_PODS = Set.of("StatefulSet", "Deployment", "DaemonSet", "Job");

    Manifests {
        objects = List.copyOf(objects);
    }

    /** A container, the object that it is of and the specification of its pod. */
    record Container(Part object, Part pod, Part part) {
        /** For a person. */
        String name() {
            return nameOf(object) + ", container " + part.at("name").text().orElse("without a name");
        }
    }

    /** {@code Kind/name}. */
    static String nameOf(Part object) {
        return object.at("kind").text().orElse("no kind") + "/"
                + object.at("metadata.name").text().orElse("no name");
    }

    List<Part> ofKind(String kind) {
        return objects.stream().filter(each -> each.at("kind").is(kind)).toList();
    }

    Optional<Part> find(String name) {
        return objects.stream().filter(each -> nameOf(each).equals(name)).findFirst();
    }

    List<Part> withPods() {
        return objects.stream()
                .filter(each -> WITH_PODS.contains(each.at("kind").text().orElse("")))
                .toList();
    }

    List<Container> containers() {
        List<Container> all = new ArrayList<>();
        for (Part object : withPods()) {
            Part pod = object.at("spec.template.spec");
            for (String field : List.of("initContainers", "containers")) {
                pod.at(field).items().forEach(each -> all.add(new Container(object, pod, each)));
            }
        }
        return all;
    }

    /** Those with pods that a selector's matchLabels choose. */
    List<Part> chosenBy(Part matchLabels) {
        return withPods().stream()
                .filter(each -> covers(each.at("spec.template.metadata.labels").texts(), matchLabels.texts()))
                .toList();
    }

    static boolean covers(Map<String, String> labels, Map<String, String> wanted) {
        return labels.entrySet().containsAll(wanted.entrySet());
    }
}
