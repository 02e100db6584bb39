package cli;

import cluster.EngineProcessSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command that runs {@code holdfast sim} on this very Java and class path. */
final class EngineProgram {

    private EngineProgram() {}

    static List<String> command(EngineProcessSettings engines) {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(engines.jvmOptions());
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), "sim"));
        words.add("--exit-with-parent");
        words.addAll(List.of("--model", engines.model()));
        words.addAll(List.of("--timing", engines.timing()));
        words.addAll(List.of("--blocks", Integer.toString(engines.blocks())));
        words.addAll(List.of("--host-blocks", Integer.toString(engines.hostBlocks())));
        words.addAll(List.of("--block-size", Integer.toString(engines.blockSizeTokens())));
        return words;
    }
}
