package workers.llamacpp;

import com.dynatrace.hash4j.hashing.HashStream64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kv.FoundCopy;
import kv.LeaseId;
import kv.LedgerId;
import kv.StoredCopy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import workers.status.CopyRoom;

/**
 * Files of stored copies in the folder that llama-servers share. The server writes a file in place and without a checksum, and
 * aborts when it reads one that is a byte or two short: a file counts only at exactly the acknowledged size, and no name is used
 * twice.
 *
 * <p>The folder is its own account, for all nodes: what is about to be written is reserved by an empty file whose name says how
 * much that is, and only then is it counted whether everything fits. Of two that reserve at once either sees the other, so that the
 * budget holds, though both may be refused.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class CopyFolder {
    private static final Logger log = LoggerFactory.getLogger(CopyFolder.class);
    private static final String RESERVED = ".reserved-";
    /** Groups: the copy, its ledger, its lease in two halves, and what is reserved for it, if it is that. */
    private static final Pattern NAME = Pattern.compile(
            "(hf-[0-9a-f]{16}-([0-9a-f]{16})-([0-9a-f]{16})([0-9a-f]{16})-[0-9a-f]{16}\\.kv)(?:\\.reserved-([0-9]{1,18}))?");

    /** A ledger's, or one that is about to be given a ledger's name. */
    private static final Pattern MARK = Pattern.compile("hf-[0-9a-f]{1,20}\\.mark");

    private static final int COPY = 1;
    private static final int LEDGER = 2;
    private static final int LEASE = 3;
    private static final int RESERVED_BYTES = 5;
    private static final LeaseId NO_LEASE = new LeaseId(0, 0);
    /** No trial takes that long. */
    private static final Duration TRIAL_LIMIT = Duration.ofHours(1);

    private static final int CHUNK_BYTES = 1 << 20;

    private final CopyStorage storage;
    private final Path folder;
    private final SecureRandom random = new SecureRandom();

    CopyFolder(CopyStorage storage) {
        this.storage = storage;
        this.folder = storage.folder();
    }

    /** A name that no file has had: weights, ledger, lease, chance. */
    String newName(long weights, LedgerId ledger, LeaseId lease) {
        return "hf-%016x-%s-%s-%016x.kv".formatted(weights, ledger, lease, random.nextLong());
    }

    /** A name for a file that is deleted as soon as it is read. */
    String trialName(long weights) {
        return newName(weights, LedgerId.NONE, NO_LEASE);
    }

    /**
     * Takes room for a copy that is about to be written, until {@link #settle}; false when the budget has none left, and nothing is
     * taken.
     *
     * @param bytes most that it will take
     */
    boolean reserve(String name, long bytes) {
        Path reservation = reservation(name, bytes);
        try {
            Files.createFile(reservation);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        boolean fits = false;
        try {
            fits = room().takes(0);
        } finally {
            if (!fits) {
                delete(reservation.getFileName().toString());
            }
        }
        return fits;
    }

    /** Ends a reservation: from here on its file counts, if there is one. */
    void settle(String name, long bytes) {
        delete(reservation(name, bytes).getFileName().toString());
    }

    private Path reservation(String name, long bytes) {
        return folder.resolve(name + RESERVED + bytes);
    }

    /** What copies take and may take, of all ledgers: the disk does not care whose they are. */
    CopyRoom room() {
        Map<String, Long> taken = new HashMap<>();
        long written = 0;
        for (Matcher name : ours()) {
            long size = size(name.group());
            written += size;
            long counted = name.group(RESERVED_BYTES) == null ? size : Long.parseLong(name.group(RESERVED_BYTES));
            taken.merge(name.group(COPY), counted, Math::max);
        }
        long bytes = taken.values().stream().mapToLong(Long::longValue).sum();
        return new CopyRoom(bytes, storage.budget(written, usable()));
    }

    private long usable() {
        try {
            return Files.getFileStore(folder).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** 0 when it is gone meanwhile. */
    private long size(String name) {
        try {
            return Files.size(folder.resolve(name));
        } catch (IOException gone) {
            return 0;
        }
    }

    private List<Matcher> ours() {
        return named(NAME);
    }

    private List<Matcher> named(Pattern names) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> names.matcher(file.getFileName().toString()))
                    .filter(Matcher::matches)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Files of a ledger, whole or not, and reservations; what has another name than ours gives is nobody's business here.
     */
    List<FoundCopy> of(LedgerId ledger) {
        return ours().stream()
                .filter(name -> name.group(LEDGER).equals(ledger.toString()))
                .map(name -> new FoundCopy(
                        new LeaseId(
                                HexFormat.fromHexDigitsToLong(name.group(LEASE)),
                                HexFormat.fromHexDigitsToLong(name.group(LEASE + 1))),
                        name.group()))
                .toList();
    }

    /**
     * Files of a ledger whose keeper looks after them, as {@link #of}. It leaves a mark that it did; what belongs to ledgers that have left
     * none for longer than any lease lasts is nobody's any more and is deleted: their keepers, or their whole database, are gone. A
     * ledger without a mark is given one, to be deleted only that much later. All times are those of the folder's own clock.
     */
    List<FoundCopy> lookAfter(LedgerId ledger) {
        List<FoundCopy> found = of(ledger);
        try {
            Instant now = mark(ledger.toString());
            Instant old = now.minus(storage.abandonedAfter());
            for (String other : ours().stream().map(name -> name.group(LEDGER)).collect(Collectors.toSet())) {
                if (!other.equals(LedgerId.NONE.toString())) {
                    deleteIfAbandoned(other, old);
                }
            }
            deleteOldMarks(old);
        } catch (IOException | UncheckedIOException e) {
            log.warn("what other ledgers have left in {} is not looked at: {}", folder, e.toString());
        }
        return found;
    }

    private void deleteIfAbandoned(String ledger, Instant old) throws IOException {
        Path mark = markOf(ledger);
        if (Files.notExists(mark)) {
            mark(ledger);
        } else if (writtenBefore(mark.getFileName().toString(), old)) {
            List<String> files = ours().stream()
                    .filter(name -> name.group(LEDGER).equals(ledger))
                    .map(Matcher::group)
                    .filter(name -> writtenBefore(name, old))
                    .toList();
            log.info("{} copies in {} are deleted: ledger {} looks after them no longer", files.size(), folder, ledger);
            files.forEach(this::delete);
        }
    }

    /** Of ledgers whose files are gone, by the look before or by their own keepers, and what nodes that died have not renamed. */
    private void deleteOldMarks(Instant old) throws IOException {
        for (Matcher mark : named(MARK)) {
            if (writtenBefore(mark.group(), old)) {
                Files.deleteIfExists(folder.resolve(mark.group()));
            }
        }
    }

    /** Leaves a ledger's mark, a new file each time: whoever may delete copies here may do that, too. Answers when it was. */
    private Instant mark(String ledger) throws IOException {
        Path fresh = Files.createTempFile(folder, "hf-", ".mark");
        try {
            Instant now = Files.getLastModifiedTime(fresh).toInstant();
            Files.move(fresh, markOf(ledger), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return now;
        } catch (IOException unmoved) {
            Files.deleteIfExists(fresh);
            throw unmoved;
        }
    }

    private Path markOf(String ledger) {
        return folder.resolve("hf-" + ledger + ".mark");
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

    /** Deletes a file of ours, whole or not, or a reservation; nothing happens when there is none. */
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
