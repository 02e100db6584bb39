package cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** A short-lived program run to its end, its output kept for the error message. */
record Command(List<String> words) {

    Command {
        words = List.copyOf(words);
    }

    static Command of(List<String> prefix, List<String> words) {
        return new Command(Stream.concat(prefix.stream(), words.stream()).toList());
    }

    /** The same with more words behind. */
    Command and(String... more) {
        return of(words, List.of(more));
    }

    /** Runs it; a program that is not there ends with the shell's status 127. */
    Result run() {
        try {
            Process process = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output.strip());
        } catch (IOException notRun) {
            return new Result(127, String.valueOf(notRun.getMessage()));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new StartFailure("interrupted while running " + words.get(0), interrupted);
        }
    }

    /** How it ended. */
    record Result(int status, String output) {

        boolean succeeded() {
            return status == 0;
        }

        /** The last line it wrote: the reason, by convention. */
        String lastLine() {
            return output.substring(output.lastIndexOf('\n') + 1);
        }
    }
}
