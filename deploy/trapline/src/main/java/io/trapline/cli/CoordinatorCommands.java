package io.trapline.cli;

import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.internal.v1.ChangeCoordinatorsRequest;
import io.trapline.internal.v1.ChangeCoordinatorsResponse;
import io.trapline.internal.v1.CoordinatorPeer;
import io.trapline.process.CoordinatorSettings;
import io.trapline.process.Values;
import io.trapline.server.StartException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** What is done to the coordinators as a whole: {@code coordinator add}, {@code replace}. */
final class CoordinatorCommands {
    private CoordinatorCommands() {}

    /** {@code coordinator add}. */
    @Command(
            name = "add",
            description = {
                "Let coordinators come in, so that there are 3 or 5. Each runs, on an empty directory, with --join.",
                "What does not run yet is waited for, for --patience. The same call again goes on where one ended."
            },
            footer = {"", "Example:", "  trapline coordinator add c2=h2:7421,h2:7420 c3=h3:7421,h3:7420"})
    static final class Add implements Callable<Integer> {
        @ParentCommand
        private ProcessCommands.Coordinator coordinator;

        @Parameters(arity = "1..*", paramLabel = "NEW", description = "ID=HOST:RAFTPORT,HOST:PORT; an id is used once.")
        private List<String> added;

        @Override
        public Integer call() throws BadInput, IOException, StartException {
            return change(coordinator.trapline(), "", added);
        }
    }

    /** {@code coordinator replace}. */
    @Command(
            name = "replace",
            description = {
                "Let a coordinator come in for another one, which is lost or is to go. NEW runs, on an empty directory, with --join,"
                        + " under an id that was never used.",
                "OLD may still run: if it leads, another one leads first, and it ends afterwards. What does not run yet is waited for,"
                        + " for --patience. The same call again goes on where one ended."
            },
            footer = {"", "Example:", "  trapline coordinator replace c3 c4=127.0.0.5:7421,127.0.0.5:7420"})
    static final class Replace implements Callable<Integer> {
        @ParentCommand
        private ProcessCommands.Coordinator coordinator;

        @Parameters(index = "0", paramLabel = "OLD", description = "The id of the one that goes.")
        private String old;

        @Parameters(index = "1", paramLabel = "NEW", description = "ID=HOST:RAFTPORT,HOST:PORT")
        private String added;

        @Override
        public Integer call() throws BadInput, IOException, StartException {
            if (old.isEmpty()) {
                throw new BadInput("OLD is empty");
            }
            return change(coordinator.trapline(), old, List.of(added));
        }
    }

    private static int change(TraplineCommand trapline, String old, List<String> added)
            throws BadInput, IOException, StartException {
        ChangeCoordinatorsRequest.Builder request =
                ChangeCoordinatorsRequest.newBuilder().setOld(old);
        for (String one : added) {
            request.addAdded(peer(one));
        }
        ChangeCoordinatorsResponse changed =
                new LeaderCalls(trapline).untilItIs(stub -> stub.changeCoordinators(request.build()));
        Table table = new Table("coordinator", "raft", "address");
        changed.getCoordinatorsList()
                .forEach(peer -> table.row(peer.getId(), peer.getRaftAddress(), peer.getAddress()));
        trapline.console().table(table, "no coordinators");
        trapline.console().record(Json.object().put("coordinators", changed.getCoordinatorsCount()));
        return ExitCode.DONE;
    }

    private static CoordinatorPeer peer(String text) throws BadInput {
        try {
            CoordinatorSettings.Peer peer = Values.peer(text);
            return CoordinatorPeer.newBuilder()
                    .setId(peer.id())
                    .setRaftAddress(peer.raft().toString())
                    .setAddress(peer.services().toString())
                    .build();
        } catch (IllegalArgumentException malformed) {
            throw new BadInput("NEW: " + malformed.getMessage());
        }
    }
}
