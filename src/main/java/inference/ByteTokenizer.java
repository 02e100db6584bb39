package inference;

import java.nio.charset.StandardCharsets;

/**
 * Tokenizer whose ids are the UTF-8 bytes of the text, 0 to 255. The simulated engine and byte-level test models share
 * it, so hashes agree with the engine's without asking it.
 *
 * <p>Thread-safety: immutable.
 */
public final class ByteTokenizer implements Tokenizer {

    @Override
    public int[] encode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] tokens = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            tokens[i] = bytes[i] & 0xff;
        }
        return tokens;
    }
}
