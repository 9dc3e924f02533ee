package io.trapline.cli;

import io.trapline.cli.text.Json;
import io.trapline.coordinator.backup.BackupFile;
import io.trapline.coordinator.backup.Generations;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.coordinator.raft.Restoration;
import io.trapline.internal.v1.BackupRequest;
import io.trapline.internal.v1.BackupResponse;
import io.trapline.process.CoordinatorSettings;
import io.trapline.process.SettingSources;
import io.trapline.process.WrongSettings;
import io.trapline.server.StartException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** The registry as a file: {@code coordinator backup}, {@code coordinator restore}. */
final class BackupCommands {
    private BackupCommands() {}

    /** {@code coordinator backup}. */
    @Command(
            name = "backup",
            description = {
                "Write the registry (domains, servers, claims) to a file that is not there yet, as a majority has it now.",
                "The memory of domains is in no backup. The file is as large as the registry."
            },
            footer = {"", "Example:", "  trapline coordinator backup /var/backups/registry.backup --connect host1:7420"
            })
    static final class Backup implements Callable<Integer> {
        @ParentCommand
        private ProcessCommands.Coordinator coordinator;

        @Parameters(paramLabel = "FILE", description = "Where to write it; not written over.")
        private Path file;

        @Override
        public Integer call() throws BadInput, IOException, StartException {
            if (Files.exists(file)) {
                throw new BadInput("FILE is " + file + ", which is there already: a backup is not written over");
            }
            Path folder = file.toAbsolutePath().getParent();
            Path next = Files.createTempFile(folder, "." + file.getFileName(), ".next");
            try {
                write(next);
                BackupFile read = BackupFile.read(next);
                Files.move(next, file);
                try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                    channel.force(true);
                }
                coordinator
                        .trapline()
                        .console()
                        .result(
                                file + ": revision " + read.header().getRevision() + " of cluster "
                                        + read.header().getClusterId() + ", SHA-256 " + read.sha256(),
                                Json.object()
                                        .put("file", file.toString())
                                        .put("bytes", Files.size(file))
                                        .put("revision", read.header().getRevision())
                                        .put("cluster_id", read.header().getClusterId())
                                        .put("sha256", read.sha256()));
            } finally {
                Files.deleteIfExists(next);
            }
            return ExitCode.DONE;
        }

        private void write(Path next) throws BadInput, IOException, StartException {
            LeaderCalls leader = new LeaderCalls(coordinator.trapline());
            try (OutputStream out = Files.newOutputStream(next)) {
                leader.once(stub -> {
                    Iterator<BackupResponse> parts = stub.backup(BackupRequest.getDefaultInstance());
                    while (parts.hasNext()) {
                        parts.next().getPart().writeTo(out);
                    }
                    return next;
                });
            } catch (FileSystemException named) {
                throw named;
            } catch (IOException full) {
                throw new IOException(next + ": " + full.getMessage(), full);
            }
            try (FileChannel channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
        }
    }

    /** {@code coordinator restore}. */
    @Command(
            name = "restore",
            description = {
                "Make an empty directory the first coordinator of a new cluster that begins with a backup: claims and servers stand,"
                        + " domains are CRASHED, sessions and nodes have ended.",
                "Every coordinator and node of the cluster before is to be ended for good first: nodes are started again, old"
                        + " directories are not used any more. Others come in with 'coordinator add'."
            },
            footer = {"", "Example:", "  trapline coordinator restore FILE --data d --id c1 --peers c1=h1:7421,h1:7420"
            })
    static final class Restore implements Callable<Integer> {
        @ParentCommand
        private ProcessCommands.Coordinator coordinator;

        @Parameters(paramLabel = "FILE", description = "The backup; FILE.restored beside it notes the generation.")
        private Path file;

        @Option(names = "--data", paramLabel = "DIR", description = "A directory that is empty or not there.")
        private @Nullable String data;

        @Option(names = "--id", paramLabel = "NAME", description = "The id of this coordinator, one of --peers.")
        private @Nullable String id;

        @Option(
                names = "--peers",
                paramLabel = "ID=HOST:RAFTPORT,HOST:PORT",
                description = "This coordinator, and those that are to come in later.")
        private @Nullable String peers;

        @Option(names = "--cluster-id", paramLabel = "UUID", description = "The new cluster's id (default: a new one).")
        private @Nullable String clusterId;

        @Option(names = "--insecure", description = "Allow other addresses than loopback, without TLS.")
        private boolean insecure;

        @Option(
                names = "--generation",
                paramLabel = "N",
                description =
                        "The lowest generation, 1 … 32767: higher than any that the registry has been in. Needed to restore a"
                                + " file a second time (default: one more than the backup's, or the days since 2025).")
        private @Nullable Integer generation;

        @Override
        public Integer call() throws BadInput, WrongSettings, IOException, StartException {
            CoordinatorSettings settings = CoordinatorSettings.of(sources());
            if (generation != null && (generation < 1 || generation > Generations.MAX)) {
                throw new BadInput("--generation is " + generation + ", not 1 … " + Generations.MAX);
            }
            CoordinatorSettings.Peer self = settings.peers().stream()
                    .filter(peer -> peer.id().equals(settings.id()))
                    .findFirst()
                    .orElseThrow();
            Restoration.Restored restored;
            try {
                restored = Restoration.restore(
                        new Restoration.Order(
                                file,
                                Path.of(settings.data()),
                                new ReplicaConfig.Peer(
                                        self.id(),
                                        self.raft().host(),
                                        self.raft().port(),
                                        self.services().toString()),
                                settings.clusterId().map(UUID::fromString),
                                generation == null ? OptionalInt.empty() : OptionalInt.of(generation)),
                        LocalDate.now(ZoneOffset.UTC));
            } catch (io.trapline.coordinator.raft.StartException cannot) {
                throw new StartException(String.valueOf(cannot.getMessage()), cannot);
            }
            coordinator
                    .trapline()
                    .console()
                    .result(
                            settings.data() + ": coordinator " + self.id() + " of cluster " + restored.clusterId()
                                    + ", generation " + restored.generation(),
                            Json.object()
                                    .put("data", settings.data())
                                    .put("id", self.id())
                                    .put("cluster_id", restored.clusterId().toString())
                                    .put("generation", restored.generation()));
            return ExitCode.DONE;
        }

        private SettingSources sources() {
            Map<String, String> flags = new LinkedHashMap<>();
            put(flags, "data", data);
            put(flags, "id", id);
            put(flags, "peers", peers);
            put(flags, "cluster-id", clusterId);
            put(flags, "insecure", Boolean.toString(insecure));
            return new SettingSources(flags, Map.of(), Optional.empty());
        }

        private static void put(Map<String, String> flags, String name, @Nullable String value) {
            if (value != null) {
                flags.put(name, value);
            }
        }
    }
}
