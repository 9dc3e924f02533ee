package io.trapline.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ManifestsTest {
    private static final String PRODUCTION = "overlays/production";

    private static List<String> check(Manifests manifests) {
        List<String> found = new ArrayList<>(Schema.check(manifests));
        found.addAll(PodRules.check(manifests));
        found.addAll(ClusterRules.check(manifests));
        found.addAll(ProcessRules.check(manifests));
        return found;
    }

    @ParameterizedTest
    @ValueSource(strings = {"overlays/dev", PRODUCTION, "restore"})
    void nothingIsFoundInWhatIsApplied(String folder) {
        assertThat(check(Kustomize.render(folder))).isEmpty();
    }

    @Test
    void theBaseAloneIsRefusedByItsProcesses() {
        assertThat(check(Kustomize.render("base"))).anyMatch(each -> each.contains("no ConfigMap"));
    }

    @ParameterizedTest
    @CsvSource({"overlays/dev,1", "overlays/production,3"})
    void anOverlayHasItsNumbers(String folder, int replicas) {
        assertThat(Kustomize.render(folder).ofKind("StatefulSet"))
                .hasSize(2)
                .allMatch(each -> each.at("spec.replicas").number().orElse(0) == replicas);
    }

    @Test
    void noPolicyLetsAnybodyToTheHealthPort() {
        assertThat(Kustomize.render(PRODUCTION).ofKind("NetworkPolicy"))
                .isNotEmpty()
                .noneMatch(each ->
                        each.toString().contains("health") || each.toString().contains("7422"));
    }

    /** Sets one thing, or removes it where it is set to -, and looks for what must be said of it. */
    @ParameterizedTest(name = "{0} {1} = {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        StatefulSet/trapline-node        | spec.template.spec.containers.0.readinesProbe        | {}              | readinesProbe
        StatefulSet/trapline-node        | spec.replica                                         | 3               | replica
        StatefulSet/trapline-coordinator | spec.template.spec.volumes.0.name                    | "other"         | no volume 'config'
        StatefulSet/trapline-coordinator | spec.volumeClaimTemplates.0.metadata.name            | "other"         | no volume 'data'
        StatefulSet/trapline-node        | spec.template.spec.containers.0.resources.requests.memory | "11Gi"     | above its limit
        StatefulSet/trapline-node        | spec.template.spec.containers.0.resources.limits     | -               | no limit of memory
        StatefulSet/trapline-node        | spec.template.spec.containers.0.resources.requests.cpu | -             | requests no cpu
        StatefulSet/trapline-node        | spec.template.spec.containers.0.ports.1.name         | "health-of-this-1" | longer than 15
        StatefulSet/trapline-node        | spec.template.spec.containers.0.ports.1.name         | "grpc"          | two ports 'grpc'
        StatefulSet/trapline-node        | spec.template.spec.containers.0.ports.1.containerPort | 7429           | asks a port that it has not
        StatefulSet/trapline-node        | spec.template.spec.containers.0.readinessProbe.grpc.service | "redy"   | asks neither
        StatefulSet/trapline-node        | spec.template.spec.containers.0.readinessProbe.grpc  | -               | is no grpc probe
        StatefulSet/trapline-node        | spec.template.spec.containers.0.livenessProbe.grpc.service | "ready"   | would be started again
        StatefulSet/trapline-node        | spec.template.spec.containers.0.securityContext.allowPrivilegeEscalation | - | allowPrivilegeEscalation
        StatefulSet/trapline-node        | spec.template.spec.containers.0.securityContext.capabilities | -       | not all dropped
        StatefulSet/trapline-node        | spec.template.spec.containers.0.securityContext.capabilities.add | ["SYS_PTRACE"] | adds capabilities
        StatefulSet/trapline-node        | spec.template.spec.containers.0.securityContext.privileged | true      | privileged
        StatefulSet/trapline-node        | spec.template.spec.containers.0.securityContext.readOnlyRootFilesystem | false | can be written
        StatefulSet/trapline-node        | spec.template.spec.securityContext.runAsNonRoot      | false           | runAsNonRoot
        StatefulSet/trapline-node        | spec.template.spec.securityContext.runAsUser         | 0               | runAsUser
        StatefulSet/trapline-node        | spec.template.spec.securityContext.seccompProfile    | -               | no seccomp
        StatefulSet/trapline-node        | spec.template.spec.hostNetwork                       | true            | hostNetwork
        StatefulSet/trapline-node        | spec.template.spec.volumes.0                         | {"name": "tmp", "hostPath": {"path": "/"}} | type that is refused
        StatefulSet/trapline-node        | spec.template.spec.automountServiceAccountToken      | -               | token
        StatefulSet/trapline-node        | spec.template.spec.enableServiceLinks                | -               | enableServiceLinks
        StatefulSet/trapline-node        | spec.selector.matchLabels                            | {"app.kubernetes.io/name": "trapline"} | does not choose its own pods alone
        StatefulSet/trapline-node        | spec.serviceName                                     | "trapline"      | no headless Service
        StatefulSet/trapline-node        | spec.updateStrategy.rollingUpdate.partition          | 4               | partition is above
        StatefulSet/trapline-node        | spec.template.spec.topologySpreadConstraints.0.labelSelector.matchLabels | {"a": "b"} | spread: the selector
        StatefulSet/trapline-node        | spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.labelSelector.matchLabels | {"a": "b"} | anti-affinity: the selector
        StatefulSet/trapline-node        | spec.template.spec.serviceAccountName                | "default"       | no ServiceAccount 'default'
        StatefulSet/trapline-node        | spec.template.spec.containers.0.args.1               | "--id=$(NAME)"  | no variable NAME
        StatefulSet/trapline-node        | spec.template.spec.containers.0.env.1.valueFrom.configMapKeyRef.key | "peers" | no key 'peers'
        StatefulSet/trapline-node        | spec.template.spec.containers.0.args.1               | "--idd=n1"      | there is no flag --idd
        StatefulSet/trapline-node        | spec.template.spec.containers.0.args.1               | "--id=-"        | is no id
        StatefulSet/trapline-node        | spec.template.spec.containers.0.args.2               | "--listen=0.0.0.0:7429" | which is not its port 'grpc'
        StatefulSet/trapline-node        | spec.template.spec.containers.0.args.3               | "--advertise=trapline:7420" | does not advertise its own name
        StatefulSet/trapline-node        | spec.template.spec.containers.0.args.7               | "--log=info"    | needs --insecure
        StatefulSet/trapline-node        | spec.template.spec.terminationGracePeriodSeconds     | 20              | longer than terminationGracePeriodSeconds
        StatefulSet/trapline-node        | spec.template.spec.containers.0.resources.limits.memory | "9Gi"        | above the limit of the container
        StatefulSet/trapline-coordinator | spec.template.spec.containers.0.args.2               | "--data=/tmp/registry" | not below a persistent volume
        StatefulSet/trapline-coordinator | spec.template.spec.volumes.0.configMap.name          | "other"         | no ConfigMap 'other'
        StatefulSet/trapline-coordinator | spec.replicas                                        | 4               | no file is mounted at /etc/trapline/trapline-coordinator-3.conf
        Service/trapline                 | spec.selector                                        | {"app.kubernetes.io/name": "trapline"} | 2 sets of pods
        Service/trapline                 | spec.ports.0.targetPort                              | "raft"          | has no port 'raft'
        Service/trapline-coordinator     | spec.publishNotReadyAddresses                        | -               | not ready
        NetworkPolicy/trapline-node      | spec.ingress.0.ports.0.port                          | "raft"          | has no port 'raft'
        NetworkPolicy/trapline-node      | spec.ingress.0.from                                  | -               | lets everybody in
        NetworkPolicy/trapline-node      | spec.ingress.0.from.0.podSelector.matchLabels        | {"a": "b"}      | pods that are not there
        NetworkPolicy/trapline-node      | spec.podSelector.matchLabels                         | {"a": "b"}      | chooses no pods
        PodDisruptionBudget/trapline-node | spec.maxUnavailable                                 | 3               | keeps 0 of 3
        PodDisruptionBudget/trapline-node | spec.maxUnavailable                                 | 0               | keeps 3 of 3
        PodDisruptionBudget/trapline-node | spec.selector.matchLabels                           | {"a": "b"}      | chooses 0 sets
        ConfigMap/trapline-coordinators  | metadata.namespace                                   | "default"       | is not in the namespace
        ConfigMap/trapline-coordinators  | kind                                                 | "Map"           | no schema for
        """)
    void aRuleFindsWhatItIsThereFor(String object, String path, String value, String finding) {
        Manifests manifests = Kustomize.render(PRODUCTION);
        set(manifests.find(object).orElseThrow(), path, value);
        assertThat(check(manifests)).anyMatch(each -> each.contains(finding));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        trapline-coordinator-1 | id = c1 | as c1 it is not where
        trapline-coordinator-1 | id = c9 | c9 is none of the peers
        trapline-coordinator-1 | id = c1 b | is no id
        """)
    void aCoordinatorsFileIsReadAsItsProcessReadsIt(String pod, String line, String finding) {
        Manifests manifests = Kustomize.render(PRODUCTION);
        JsonObject files = manifests
                .find("ConfigMap/trapline-coordinators")
                .orElseThrow()
                .at("data")
                .element()
                .getAsJsonObject();
        String file = pod + ".conf";
        files.addProperty(file, files.get(file).getAsString().replaceFirst("(?m)^id = .*$", line));
        assertThat(check(manifests)).anyMatch(each -> each.contains(finding));
    }

    private static void set(Part object, String path, String value) {
        int dot = path.lastIndexOf('.');
        JsonElement parent =
                dot < 0 ? object.element() : object.at(path.substring(0, dot)).element();
        String last = path.substring(dot + 1);
        JsonElement element = value.equals("-") ? null : JsonParser.parseString(value);
        if (parent instanceof JsonArray array) {
            array.set(Integer.parseInt(last), element);
        } else if (element == null) {
            assertThat(parent.getAsJsonObject().remove(last)).as(path).isNotNull();
        } else {
            parent.getAsJsonObject().add(last, element);
        }
    }
}
