package workers.llamacpp;

import com.dynatrace.hash4j.hashing.HashStream64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.regex.Pattern;
import kv.LeaseId;
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
    private static final Pattern NAME = Pattern.compile("hf-[0-9a-f]{16}-[0-9a-f]{32}-[0-9a-f]{16}\\.kv");
    private static final int CHUNK_BYTES = 1 << 20;

    private final Path folder;
    private final SecureRandom random = new SecureRandom();

    CopyFolder(Path folder) {
        this.folder = folder;
    }

    /** A name that no file has had: weights, lease, chance. */
    String newName(long weights, LeaseId lease) {
        return "hf-%016x-%s-%016x.kv".formatted(weights, lease, random.nextLong());
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
