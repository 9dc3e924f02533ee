package io.trapline.cli;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The commands of {@code trapline}, in the order of its help. picocli reads what a command declares by reflection, all options of it, which takes
 * longer than most commands do: only those are made whose names are among the arguments, and all where there are none.
 */
final class Commands {
    private static final Map<String, Class<?>> ALL = new LinkedHashMap<>();

    static {
        ALL.put("up", UpCommand.class);
        ALL.put("coordinator", ProcessCommands.Coordinator.class);
        ALL.put("node", ProcessCommands.Node.class);
        ALL.put("demo", DemoCommand.class);
        ALL.put("replay", ReplayCommand.class);
        ALL.put("simulate", SimulateCommand.class);
        ALL.put("chaos", ChaosCommand.class);
        ALL.put("bench", BenchCommand.class);
        ALL.put("domain", DomainCommands.class);
        ALL.put("server", ServerCommands.class);
        ALL.put("claim", ClaimCommands.class);
        ALL.put("watch", WatchCommand.class);
        ALL.put("type", TypeCommands.class);
        ALL.put("mem", MemCommands.class);
        ALL.put("guest", GuestCommands.class);
        ALL.put("emulator", EmulatorCommands.class);
        ALL.put("cluster", ClusterGroup.class);
        ALL.put("limits", ClusterCommands.Limits.class);
        ALL.put("version", ClusterCommands.VersionOf.class);
        ALL.put("health", HealthCommand.class);
        ALL.put("natives", NativesCommand.class);
        ALL.put("completion", CompletionCommand.class);
        ALL.put("rehearse", RehearseCommand.class);
    }

    private Commands() {}

    /** All of them, by name. */
    static Map<String, Class<?>> all() {
        return ALL;
    }

    /** Those that these arguments can mean. A value that is a command's name by chance makes one more, and no difference. */
    static Map<String, Class<?>> meantBy(String... args) {
        Map<String, Class<?>> named = new LinkedHashMap<>(ALL);
        named.keySet().retainAll(Arrays.asList(args));
        // A completion is of all.
        return named.isEmpty() || named.containsKey("completion") ? ALL : named;
    }
}
