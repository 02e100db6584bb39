package cli;

import cluster.Node;
import cluster.StartFailure;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The {@code holdfast} command. Mistakes of its user are answered in one line, with a hint where to look. */
@Command(
        name = "holdfast",
        description = "Control plane for agentic LLM inference.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DrainCommand.class,
            LeasesCommand.class,
            ReplayCommand.class,
            SessionsCommand.class,
            SimCommand.class,
            WorkersCommand.class,
            CommandLine.HelpCommand.class
        })
public final class Main implements Runnable {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Main() {}

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The whole command with every subcommand, ready to execute. */
    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .addSubcommand(new UpCommand(Node::start))
                .setParameterExceptionHandler(Main::refuse)
                .setExecutionExceptionHandler(Main::fail);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a COMMAND is missing");
    }

    private static int refuse(ParameterException mistake, String[] arguments) {
        CommandLine command = mistake.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("holdfast: " + oneLine(mistake) + ". Try: "
                + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    /** What a user can act on is one line; anything else is a defect, whose trace is worth a report. */
    private static int fail(Exception failure, CommandLine command, ParseResult parsed) {
        if (failure instanceof StartFailure) {
            command.getErr().println("holdfast: " + oneLine(failure));
        } else {
            failure.printStackTrace(command.getErr());
        }
        return ExitCode.SOFTWARE;
    }

    private static String oneLine(Exception failure) {
        return String.valueOf(failure.getMessage())
                .lines()
                .findFirst()
                .orElse("")
                .replaceAll("[.\\s]+$", "");
    }
}
