package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.trapline.docs.SourceTree;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The commands that docs/KUBERNETES.md gives for inside of a pod are commands. */
final class KubernetesPageTest {
    private static final Pattern COMMAND = Pattern.compile(" exec trapline-\\S+ -- trapline (.*)$", Pattern.MULTILINE);

    @Test
    void everyCommandOfThePageIsUnderstood() throws IOException {
        List<String> commands = COMMAND.matcher(SourceTree.here().read("docs/KUBERNETES.md"))
                .results()
                .map(each -> each.group(1).replace("$H", "trapline-coordinator"))
                .toList();
        assertThat(commands).hasSizeGreaterThan(6);
        for (String command : commands) {
            TraplineCommand trapline = new TraplineCommand(
                    new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()), false, new Interrupt());
            assertThatCode(() -> trapline.commandLine().parseArgs(command.split(" +", -1)))
                    .as(command)
                    .doesNotThrowAnyException();
        }
    }
}
