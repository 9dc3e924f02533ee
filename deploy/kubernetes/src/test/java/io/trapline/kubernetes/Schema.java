package io.trapline.kubernetes;

import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Kubernetes' schema, in which a field that it does not know is a mistake. */
final class Schema {
    private Schema() {}

    /** What each object has that it should not have, or lacks. */
    static List<String> check(Manifests manifests) {
        List<String> found = new ArrayList<>();
        for (Part object : manifests.objects()) {
            try {
                check(object);
            } catch (IllegalArgumentException | IOException wrong) {
                found.add(Manifests.nameOf(object) + ": " + wrong.getMessage());
            }
        }
        return found;
    }

    private static void check(Part object) throws IOException {
        String type = object.at("apiVersion").text().orElse("") + " "
                + object.at("kind").text().orElse("");
        switch (type) {
            case "v1 ConfigMap" -> V1ConfigMap.validateJsonElement(object.element());
            case "v1 Namespace" -> V1Namespace.validateJsonElement(object.element());
            case "v1 PersistentVolumeClaim" -> V1PersistentVolumeClaim.validateJsonElement(object.element());
            case "v1 Service" -> V1Service.validateJsonElement(object.element());
            case "v1 ServiceAccount" -> V1ServiceAccount.validateJsonElement(object.element());
            case "apps/v1 StatefulSet" -> V1StatefulSet.validateJsonElement(object.element());
            case "batch/v1 Job" -> V1Job.validateJsonElement(object.element());
            case "networking.k8s.io/v1 NetworkPolicy" -> V1NetworkPolicy.validateJsonElement(object.element());
            case "policy/v1 PodDisruptionBudget" -> V1PodDisruptionBudget.validateJsonElement(object.element());
            default -> throw new IllegalArgumentException("no schema for '" + type + "'");
        }
    }
}
