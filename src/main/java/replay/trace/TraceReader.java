package replay.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads trace files, plain or compressed with gzip, in the format that the first row shows. Several files are parts of one
 * trace: they share the meaning of sessions and block ids.
 */
public final class TraceReader {
    private static final int GZIP_MAGIC = 0x8b1f;
    private final ObjectMapper json = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private final boolean skipBadRows;
    private final List<TracedTurn> turns = new ArrayList<>();
    private @Nullable TraceFormat format;
    private @Nullable RowReader rows;
    private int skipped;

    private TraceReader(boolean skipBadRows) {
        this.skipBadRows = skipBadRows;
    }

    /**
     * Reads a trace.
     *
     * @param skipBadRows whether bad rows are counted and left out instead of ending the reading
     */
    public static Trace read(List<Path> files, boolean skipBadRows) throws TraceException {
        TraceReader reader = new TraceReader(skipBadRows);
        for (Path file : files) {
            reader.readFile(file);
        }
        return reader.trace(files);
    }

    private Trace trace(List<Path> files) throws TraceException {
        String name =
                files.stream().map(file -> String.valueOf(file.getFileName())).collect(Collectors.joining("+"));
        if (rows == null || format == null || turns.isEmpty()) {
            throw new TraceException(name + " has no turns");
        }
        String formatName = format.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return new Trace(
                name, formatName, rows.blockSizeTokens(), rows.arrivals(), rows.sessionNames(), turns, skipped);
    }

    private void readFile(Path file) throws TraceException {
        try (BufferedReader lines = open(file)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    readLine(file, number, line);
                }
            }
        } catch (NoSuchFileException e) {
            throw new TraceException("no such file: " + file);
        } catch (IOException e) {
            throw new TraceException("cannot read " + file + ": " + e.getMessage());
        }
    }

    private void readLine(Path file, int number, String line) throws TraceException {
        try {
            Row row = new Row(json.readTree(line));
            RowReader reader = rows == null ? detect(row, file, number) : rows;
            turns.add(reader.read(row, turns.size()));
        } catch (JsonProcessingException e) {
            bad(file, number, "not a JSON object: " + e.getOriginalMessage());
        } catch (BadRow e) {
            bad(file, number, String.valueOf(e.getMessage()));
        }
    }

    private RowReader detect(Row row, Path file, int number) throws TraceException {
        for (TraceFormat known : TraceFormat.values()) {
            if (known.recognises(row)) {
                format = known;
                rows = known.newReader();
                return rows;
            }
        }
        throw new TraceException(
                file + " line " + number + ": the first row is of no known format: agent turns have fields"
                        + " 'b' and 'lin' or 'agent', Mooncake's 'hash_ids' (docs/replay.md)");
    }

    private void bad(Path file, int number, String problem) throws TraceException {
        if (!skipBadRows) {
            throw new TraceException(file + " line " + number + ": " + problem + " (--skip-bad-rows leaves it out)");
        }
        skipped++;
    }

    private static BufferedReader open(Path file) throws IOException {
        PushbackInputStream bytes = new PushbackInputStream(Files.newInputStream(file), 2);
        byte[] head = bytes.readNBytes(2);
        bytes.unread(head);
        boolean compressed = head.length == 2 && ((head[0] & 0xff) | (head[1] & 0xff) << 8) == GZIP_MAGIC;
        InputStream plain = compressed ? new GZIPInputStream(bytes) : bytes;
        return new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8));
    }
}
