package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void helpGoesToStandardOutput() {
        assertEquals(0, run("--help"));
        assertTrue(out.toString().contains("Usage: holdfast"), out.toString());
    }

    @Test
    void helpIsACommandToo() {
        assertEquals(0, run("help", "replay"));
        assertTrue(out.toString().contains("Usage: holdfast replay"), out.toString());
    }

    @Test
    void versionNamesTheProgram() {
        assertEquals(0, run("--version"));
        assertTrue(out.toString().startsWith("holdfast "), out.toString());
    }

    @Test
    void anUnknownOptionIsOneLineWithAHint() {
        assertEquals(2, run("--nonsense"));
        assertEquals("holdfast: Unknown option: '--nonsense'. Try: holdfast --help\n", err.toString());
    }

    @Test
    void noCommandIsOneLineWithAHint() {
        assertEquals(2, run());
        assertEquals("holdfast: a COMMAND is missing. Try: holdfast --help\n", err.toString());
    }

    @Test
    void aNodeThatDoesNotAnswerIsOneLine() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        for (String command : List.of("leases", "sessions", "workers")) {
            err.getBuffer().setLength(0);
            assertEquals(1, run(command, "--url", "http://127.0.0.1:" + port));
            assertTrue(
                    err.toString().startsWith("holdfast: nobody answers at http://127.0.0.1:" + port), err.toString());
            assertEquals(1, err.toString().lines().count(), err.toString());
        }
    }

    @Test
    void aUrlThatIsNoneIsOneLineWithAHint() {
        for (String command : List.of("drain", "leases", "sessions", "workers")) {
            List<String> given = new ArrayList<>(List.of(command, "--url", "foo"));
            if (command.equals("drain")) {
                given.add("http://127.0.0.1:1");
            }
            err.getBuffer().setLength(0);
            assertEquals(2, run(given.toArray(String[]::new)));
            assertEquals(
                    "holdfast: --url is no URL like http://127.0.0.1:8642: foo. Try: holdfast " + command + " --help\n",
                    err.toString());
        }
    }

    private int run(String... arguments) {
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        return command.execute(arguments);
    }
}
