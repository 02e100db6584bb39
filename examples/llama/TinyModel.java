import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes a model file (GGUF version 3, architecture "llama") of 1.4 MB with random weights. It knows nothing, but the work it
 * gives an engine is real: prefill, cache, slots. The same bytes every time.
 *
 * <p>{@code java TinyModel.java OUT.gguf TEMPLATE.jinja}: the chat template is stored inside.
 *
 * <p>One UTF-8 byte is one token, so prompts can be tokenised without the engine; 257 and 258 open and close a ChatML message.
 * Dimension 0 of the hidden state is constant: nothing writes to it, and the output layer reads from it which tokens are
 * printable. So replies are printable ASCII and end only at {@code max_tokens}.
 */
public final class TinyModel {
    private static final int WIDTH = 128;
    private static final int LAYERS = 4;
    private static final int HIDDEN = 256;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int KV_WIDTH = WIDTH / HEADS * KV_HEADS;
    private static final int CONTEXT = 32768;
    private static final int VOCABULARY = 320;
    private static final int END_OF_TEXT = 256;
    private static final int MESSAGE_END = 258;
    private static final int ALIGNMENT = 32;
    private static final long SEED = 7;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final List<Tensor> tensors = new ArrayList<>();

    /** Rows of {@code columns} weights; matrices are stored in half precision, vectors in single. */
    private record Tensor(String name, int columns, int rows, float[] weights) {
        boolean matrix() {
            return rows > 1;
        }

        ByteBuffer encoded() {
            int bytes = weights.length * (matrix() ? Short.BYTES : Float.BYTES);
            ByteBuffer encoded = littleEndian(padded(bytes));
            for (float weight : weights) {
                if (matrix()) {
                    encoded.putShort(half(weight));
                } else {
                    encoded.putFloat(weight);
                }
            }
            return encoded.clear();
        }
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: java TinyModel.java OUT.gguf TEMPLATE.jinja");
            System.exit(2);
        }
        TinyModel model = new TinyModel();
        model.draw();
        model.write(Path.of(arguments[0]), Files.readString(Path.of(arguments[1])));
    }

    private void draw() {
        float[] embedding = noise(VOCABULARY, WIDTH, 1);
        firstColumn(embedding, WIDTH, token -> 8);
        tensors.add(new Tensor("token_embd.weight", WIDTH, VOCABULARY, embedding));
        for (int layer = 0; layer < LAYERS; layer++) {
            String name = "blk." + layer + ".";
            norm(name + "attn_norm.weight");
            // Sharp attention, so that the answer depends on the whole prompt and a wrong cache shows.
            matrix(name + "attn_q.weight", WIDTH, WIDTH, 2);
            matrix(name + "attn_k.weight", WIDTH, KV_WIDTH, 2);
            matrix(name + "attn_v.weight", WIDTH, KV_WIDTH, 1);
            writer(name + "attn_output.weight", WIDTH);
            norm(name + "ffn_norm.weight");
            matrix(name + "ffn_gate.weight", WIDTH, HIDDEN, 1);
            matrix(name + "ffn_up.weight", WIDTH, HIDDEN, 1);
            writer(name + "ffn_down.weight", HIDDEN);
        }
        norm("output_norm.weight");
        float[] output = noise(VOCABULARY, WIDTH, 1 / Math.sqrt(WIDTH));
        firstColumn(output, WIDTH, token -> token >= ' ' && token <= '~' ? 4 : -4);
        tensors.add(new Tensor("output.weight", WIDTH, VOCABULARY, output));
    }

    private void norm(String name) {
        float[] ones = new float[WIDTH];
        Arrays.fill(ones, 1);
        tensors.add(new Tensor(name, WIDTH, 1, ones));
    }

    private void matrix(String name, int columns, int rows, double gain) {
        tensors.add(new Tensor(name, columns, rows, noise(rows, columns, gain / Math.sqrt(columns))));
    }

    /** A matrix that adds to the hidden state, but not to its dimension 0. */
    private void writer(String name, int columns) {
        float[] weights = noise(WIDTH, columns, 1 / Math.sqrt(columns));
        Arrays.fill(weights, 0, columns, 0);
        tensors.add(new Tensor(name, columns, WIDTH, weights));
    }

    /** Nearly normal numbers from sums of uniform ones: {@code Math.log} may differ between machines, additions do not. */
    private float[] noise(int rows, int columns, double deviation) {
        float[] weights = new float[rows * columns];
        for (int i = 0; i < weights.length; i++) {
            double sum = -6;
            for (int k = 0; k < 12; k++) {
                sum += random.nextDouble();
            }
            weights[i] = (float) (sum * deviation);
        }
        return weights;
    }

    private interface ByToken {
        float value(int token);
    }

    private static void firstColumn(float[] weights, int columns, ByToken values) {
        for (int token = 0; token < VOCABULARY; token++) {
            weights[token * columns] = values.value(token);
        }
    }

    private void write(Path file, String template) throws IOException {
        Header header = new Header();
        metadata(header, template);
        long offset = 0;
        for (Tensor tensor : tensors) {
            header.text(tensor.name());
            header.int32(tensor.matrix() ? 2 : 1).int64(tensor.columns());
            if (tensor.matrix()) {
                header.int64(tensor.rows());
            }
            header.int32(tensor.matrix() ? 1 : 0).int64(offset);
            offset += tensor.encoded().capacity();
        }
        ByteBuffer start = littleEndian(24);
        start.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3);
        start.putLong(tensors.size()).putLong(header.keys);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(start.array());
            out.write(header.bytes.array(), 0, header.bytes.position());
            int written = start.capacity() + header.bytes.position();
            out.write(new byte[padded(written) - written]);
            for (Tensor tensor : tensors) {
                out.write(tensor.encoded().array());
            }
        }
    }

    private static void metadata(Header header, String template) {
        header.string("general.architecture", "llama");
        header.string("general.name", "tiny-random");
        header.number("general.file_type", 1);
        header.number("general.alignment", ALIGNMENT);
        header.number("llama.vocab_size", VOCABULARY);
        header.number("llama.context_length", CONTEXT);
        header.number("llama.embedding_length", WIDTH);
        header.number("llama.block_count", LAYERS);
        header.number("llama.feed_forward_length", HIDDEN);
        header.number("llama.rope.dimension_count", WIDTH / HEADS);
        header.number("llama.attention.head_count", HEADS);
        header.number("llama.attention.head_count_kv", KV_HEADS);
        header.real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        header.string("tokenizer.ggml.model", "gpt2");
        header.string("tokenizer.ggml.pre", "gpt-2");
        header.strings("tokenizer.ggml.tokens", tokens());
        header.numbers("tokenizer.ggml.token_type", tokenTypes());
        header.strings("tokenizer.ggml.merges", new String[0]);
        header.number("tokenizer.ggml.bos_token_id", END_OF_TEXT);
        header.number("tokenizer.ggml.eos_token_id", MESSAGE_END);
        header.number("tokenizer.ggml.padding_token_id", MESSAGE_END + 1);
        header.bool("tokenizer.ggml.add_bos_token", false);
        header.string("tokenizer.chat_template", template);
    }

    /** Bytes in the alphabet of GPT-2's tokenizer, where every byte has a printable name, then the control tokens. */
    private static String[] tokens() {
        String[] tokens = new String[VOCABULARY];
        int renamed = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xa1 && b != 0xad;
            tokens[b] = Character.toString(printable ? b : renamed++);
        }
        tokens[256] = "<|endoftext|>";
        tokens[257] = "<|im_start|>";
        tokens[258] = "<|im_end|>";
        for (int token = 259; token < VOCABULARY; token++) {
            tokens[token] = "<|unused" + token + "|>";
        }
        return tokens;
    }

    /** 1 for text, 3 for control, 5 for unused. */
    private static int[] tokenTypes() {
        int[] types = new int[VOCABULARY];
        Arrays.fill(types, 0, 256, 1);
        Arrays.fill(types, 256, 259, 3);
        Arrays.fill(types, 259, VOCABULARY, 5);
        return types;
    }

    /** The file's beginning: numbered types, lengths before texts. */
    private static final class Header {
        private final ByteBuffer bytes = littleEndian(64 * 1024);
        private int keys;

        Header int32(int value) {
            bytes.putInt(value);
            return this;
        }

        Header int64(long value) {
            bytes.putLong(value);
            return this;
        }

        Header text(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            bytes.putLong(utf8.length).put(utf8);
            return this;
        }

        private Header key(String name, int type) {
            keys++;
            return text(name).int32(type);
        }

        void number(String name, int value) {
            key(name, 4).int32(value);
        }

        void real(String name, float value) {
            key(name, 6).bytes.putFloat(value);
        }

        void bool(String name, boolean value) {
            key(name, 7).bytes.put((byte) (value ? 1 : 0));
        }

        void string(String name, String value) {
            key(name, 8).text(value);
        }

        void numbers(String name, int[] values) {
            key(name, 9).int32(5).int64(values.length);
            Arrays.stream(values).forEach(this::int32);
        }

        void strings(String name, String[] values) {
            key(name, 9).int32(8).int64(values.length);
            Arrays.stream(values).forEach(this::text);
        }
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int padded(int bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Half precision, rounded to nearest; what is too small for it becomes zero, and nothing here is too large. */
    private static short half(float value) {
        int bits = Float.floatToIntBits(value) + 0x1000;
        int exponent = (bits >>> 23 & 0xff) - 112;
        int sign = bits >>> 16 & 0x8000;
        return (short) (exponent <= 0 ? sign : sign | exponent << 10 | bits >>> 13 & 0x3ff);
    }
}
