package frontend;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Reasoning as the opaque text that clients send back with it ({@code signature}, {@code encrypted_content}). It carries the
 * reasoning itself, so that a client that shows none of it or a summary still gives the whole back to the prompt, on whatever
 * server the session goes on. It is packed, not secret and not signed: who may send a conversation may write anything into it.
 *
 * <p>Thread-safety: stateless.
 */
public final class ReasoningSeal {
    private static final String PREFIX = "holdfast1.";
    /** Longest reasoning that is unpacked, so that a small text cannot stand for gigabytes. */
    private static final int MAX_BYTES = 16 << 20;

    private ReasoningSeal() {}

    /** Packs a reasoning. */
    public static String of(String reasoning) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
        try (DeflaterOutputStream out = new DeflaterOutputStream(packed, deflater)) {
            out.write(reasoning.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        } finally {
            deflater.end();
        }
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(packed.toByteArray());
    }

    /** The reasoning inside; null when the text is no seal of ours. */
    public static @Nullable String open(String seal) {
        if (!seal.startsWith(PREFIX)) {
            return null;
        }
        Inflater inflater = new Inflater(true);
        try {
            // The one byte more is what a raw stream needs behind its end.
            byte[] packed = Base64.getUrlDecoder().decode(seal.substring(PREFIX.length()));
            inflater.setInput(Arrays.copyOf(packed, packed.length + 1));
            return unpacked(inflater);
        } catch (IllegalArgumentException | DataFormatException notOurs) {
            return null;
        } finally {
            inflater.end();
        }
    }

    private static @Nullable String unpacked(Inflater inflater) throws DataFormatException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] part = new byte[8192];
        while (!inflater.finished()) {
            int length = inflater.inflate(part);
            if (length == 0 && !inflater.finished()) {
                return null;
            }
            bytes.write(part, 0, length);
            if (bytes.size() > MAX_BYTES) {
                return null;
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
