package workers.llamacpp;

import com.dynatrace.hash4j.hashing.HashStream64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import kv.FoundCopy;
import kv.LeaseId;
import kv.LedgerId;
import kv.StoredCopy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of stored copies in the folder that llama-servers share. The server writes a file in place and without a checksum, and
 * aborts when it reads one that is a byte or two short: a file counts only at exactly the acknowledged size, and no name is used
 * twice.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class CopyFolder {
    private static final Logger log = LoggerFactory.getLogger(CopyFolder.class);
    private static final Pattern NAME =
            Pattern.compile("hf-[0-9a-f]{16}-([0-9a-f]{16})-([0-9a-f]{16})([0-9a-f]{16})-[0-9a-f]{16}\\.kv");
    private static final LeaseId NO_LEASE = new LeaseId(0, 0);
    /** No trial takes that long. */
    private static final Duration TRIAL_LIMIT = Duration.ofHours(1);

    private static final int CHUNK_BYTES = 1 << 20;

    private final Path folder;
    private final SecureRandom random = new SecureRandom();

    CopyFolder(Path folder) {
        this.folder = folder;
    }

    /** A name that no file has had: weights, ledger, lease, chance. */
    String newName(long weights, LedgerId ledger, LeaseId lease) {
        return "hf-%016x-%s-%s-%016x.kv".formatted(weights, ledger, lease, random.nextLong());
    }

    /** A name for a file that is deleted as soon as it is read. */
    String trialName(long weights) {
        return newName(weights, LedgerId.NONE, NO_LEASE);
    }

    /** Files of a ledger, whole or not; what has another name than ours gives is nobody's business here. */
    List<FoundCopy> of(LedgerId ledger) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> NAME.matcher(file.getFileName().toString()))
                    .filter(name -> name.matches() && name.group(1).equals(ledger.toString()))
                    .map(name -> new FoundCopy(
                            new LeaseId(
                                    HexFormat.fromHexDigitsToLong(name.group(2)),
                                    HexFormat.fromHexDigitsToLong(name.group(3))),
                            name.group()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletes what trials left behind that were cut off. */
    void deleteOldTrials() {
        Instant old = Instant.now().minus(TRIAL_LIMIT);
        of(LedgerId.NONE).stream()
                .map(FoundCopy::location)
                .filter(name -> writtenBefore(name, old))
                .forEach(this::delete);
    }

    private boolean writtenBefore(String name, Instant then) {
        try {
            return Files.getLastModifiedTime(folder.resolve(name)).toInstant().isBefore(then);
        } catch (IOException gone) {
            return false;
        }
    }

    /** Whether a file is there and of this size. */
    boolean holds(String name, long bytes) {
        try {
            return NAME.matcher(name).matches() && Files.size(folder.resolve(name)) == bytes;
        } catch (IOException missing) {
            return false;
        }
    }

    boolean holds(StoredCopy copy) {
        return holds(copy.location(), copy.bytes());
    }

    /** Deletes a file of ours, whole or not; nothing happens when there is none. */
    void delete(String name) {
        if (!NAME.matcher(name).matches()) {
            return;
        }
        try {
            Files.deleteIfExists(folder.resolve(name));
        } catch (IOException e) {
            log.warn("the copy {} could not be deleted and takes up room for nothing: {}", folder.resolve(name), e);
        }
    }

    /**
     * Hash of a model's file, which is what tells weights apart: a server restores a slot of other weights of the same shape
     * without complaint. Reads the whole file.
     */
    static long weights(Path modelFile) throws IOException {
        HashStream64 stream = Hashing.xxh3_64().hashStream();
        byte[] chunk = new byte[CHUNK_BYTES];
        try (InputStream in = Files.newInputStream(modelFile)) {
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                stream.putBytes(chunk, 0, read);
            }
        }
        return stream.getAsLong();
    }
}
