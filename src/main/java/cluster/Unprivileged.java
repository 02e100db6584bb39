package cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The command prefix under which PostgreSQL runs, which refuses to run as root.
 *
 * <p>An ordinary user needs none. Root enters a user namespace of its own, where it is nobody in particular but still
 * owns its files; where namespaces are forbidden, the programs run as the user {@value #NOBODY}, who then owns the data.
 *
 * <p><em>Thread-safety:</em> immutable.
 *
 * @param prefix words to put before a command
 * @param owner user id that must own the files, or -1 to leave them as they are
 */
record Unprivileged(List<String> prefix, int owner) {

    private static final int ROOT = 0;
    private static final int NOBODY = 65_534;
    private static final Unprivileged AS_WE_ARE = new Unprivileged(List.of(), -1);
    private static final Unprivileged NAMESPACE = new Unprivileged(List.of("unshare", "-U"), ROOT);
    private static final Unprivileged OTHER_USER =
            new Unprivileged(List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"), NOBODY);

    Unprivileged {
        prefix = List.copyOf(prefix);
    }

    /**
     * Finds the first way that works here.
     *
     * @param program a file that the unprivileged side must be able to run
     * @throws StartFailure if this is root and no way works
     */
    static Unprivileged toRun(String program) throws IOException {
        if (!Integer.valueOf(ROOT).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
            return AS_WE_ARE;
        }
        return Stream.of(NAMESPACE, OTHER_USER)
                .filter(way -> way.canRun(program))
                .findFirst()
                .orElseThrow(
                        () -> new StartFailure(
                                "PostgreSQL does not run as root, `unshare -U` is refused here and user "
                                        + NOBODY + " cannot run " + program
                                        + ": start holdfast as an ordinary user, or choose a --data-dir that every user can enter"));
    }

    /** Hands {@code tree} to the user who will use it, if another user owns it. */
    void own(Path tree) throws IOException {
        if (owner < 0 || Integer.valueOf(owner).equals(Files.getAttribute(tree, "unix:uid"))) {
            return;
        }
        FileTree.own(tree, owner);
    }

    private boolean canRun(String program) {
        return Command.of(prefix, List.of(program, "--version")).run().succeeded();
    }
}
