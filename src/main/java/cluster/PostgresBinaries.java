package cluster;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The PostgreSQL programs of the class path, unpacked once per data directory.
 *
 * <p>The directory's name carries the checksum of the archive, so a new version never runs half of an old one.
 *
 * <p><em>Thread-safety:</em> immutable; {@link #unpackedIn} relies on the caller's lock of the data directory.
 */
record PostgresBinaries(Path home) {

    private static final String VERSION_FILE = "major-version";

    /** Finds the programs below {@code parent}, unpacking them first if they are not there yet. */
    static PostgresBinaries unpackedIn(Path parent) throws IOException {
        URL archive = archive();
        Path home = parent.resolve("postgres-" + checksum(archive));
        if (!Files.isDirectory(home)) {
            FileTree.delete(parent);
            Path partial = Files.createDirectories(parent.resolve("partial"));
            unpack(archive, partial);
            Files.writeString(partial.resolve(VERSION_FILE), askVersion(new PostgresBinaries(partial)));
            Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
        }
        return new PostgresBinaries(home);
    }

    /** The path of one program, such as {@code initdb}. */
    String program(String name) {
        return home.resolve("bin").resolve(name).toString();
    }

    /** The version whose data these programs read, such as {@code 16}. */
    String majorVersion() throws IOException {
        return Files.readString(home.resolve(VERSION_FILE));
    }

    /** From a line such as {@code postgres (PostgreSQL) 16.15}. */
    private static String askVersion(PostgresBinaries unpacked) {
        Command.Result answer = new Command(List.of(unpacked.program("postgres"), "--version")).run();
        if (!answer.succeeded()) {
            throw new StartFailure("the embedded PostgreSQL does not run on this machine (" + answer.lastLine()
                    + "): it needs Linux with glibc");
        }
        return answer.lastLine().replaceFirst(".*\\) ", "").replaceFirst("[^0-9].*", "");
    }

    private static URL archive() {
        String machine = System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-" + System.getProperty("os.arch");
        String name =
                switch (machine) {
                    case "linux-amd64" -> "postgres-linux-x86_64.txz";
                    case "linux-aarch64" -> "postgres-linux-arm_64.txz";
                    default ->
                        throw new StartFailure(
                                "no embedded PostgreSQL for " + machine + ": run on Linux (amd64 or arm64)");
                };
        URL found = PostgresBinaries.class.getClassLoader().getResource(name);
        if (found == null) {
            throw new StartFailure("the archive " + name + " is not on the class path: rebuild with mvn package");
        }
        return found;
    }

    private static String checksum(URL archive) throws IOException {
        URLConnection connection = archive.openConnection();
        connection.setUseCaches(false);
        return connection instanceof JarURLConnection jar
                ? Long.toHexString(jar.getJarEntry().getCrc())
                : Long.toHexString(connection.getContentLengthLong());
    }

    private static void unpack(URL archive, Path target) throws IOException {
        try (InputStream raw = archive.openStream();
                TarArchiveInputStream tar =
                        new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(raw, 1 << 16)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                unpack(tar, entry, target.resolve(entry.getName()).normalize());
            }
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path file) throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(file);
        } else if (entry.isSymbolicLink()) {
            Files.createDirectories(file.getParent());
            Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
        } else if (entry.isFile()) {
            Files.createDirectories(file.getParent());
            Files.copy(tar, file);
            boolean program = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
        }
    }
}
