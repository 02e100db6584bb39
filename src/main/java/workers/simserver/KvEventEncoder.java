package workers.simserver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/**
 * Writes one batch of KV events as vLLM does since version 0.23: {@code [timestamp, [event maps], rank]} in msgpack.
 *
 * <p>Thread-safety: none; for one batch.
 *
 * @see <a href="https://github.com/vllm-project/vllm/blob/main/vllm/distributed/kv_events.py">vLLM's kv_events.py</a>
 */
final class KvEventEncoder {
    private final MessageBufferPacker events = MessagePack.newDefaultBufferPacker();
    private int count;

    /** Whether nothing was added. */
    boolean empty() {
        return count == 0;
    }

    /**
     * Adds stored blocks.
     *
     * @param parent hash of the block before the first, null at the root
     * @param tokens holds the blocks' tokens from {@code from} on
     * @param salt the request's cache salt, told with the block at the root only
     */
    void stored(
            long[] hashes,
            @Nullable Long parent,
            int[] tokens,
            int from,
            int blockSizeTokens,
            @Nullable String salt,
            KvTier tier) {
        try {
            begin(11, "BlockStored", hashes);
            events.packString("parent_block_hash");
            if (parent == null) {
                events.packNil();
            } else {
                events.packBigInteger(unsigned(parent));
            }
            events.packString("token_ids").packArrayHeader(hashes.length * blockSizeTokens);
            for (int i = 0; i < hashes.length * blockSizeTokens; i++) {
                events.packInt(tokens[from + i]);
            }
            events.packString("block_size").packInt(blockSizeTokens);
            events.packString("lora_id").packNil();
            events.packString("medium").packString(medium(tier));
            events.packString("lora_name").packNil();
            extraKeys(hashes.length, parent == null ? salt : null);
            events.packString("group_idx").packInt(0);
            events.packString("kv_cache_spec_kind").packString("full_attention");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds evicted blocks. */
    void removed(long[] hashes, KvTier tier) {
        try {
            begin(4, "BlockRemoved", hashes);
            events.packString("medium").packString(medium(tier));
            events.packString("group_idx").packInt(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The payload of everything added. */
    byte[] batch(double timestampSeconds) {
        try (MessageBufferPacker batch = MessagePack.newDefaultBufferPacker()) {
            batch.packArrayHeader(3).packDouble(timestampSeconds).packArrayHeader(count);
            batch.writePayload(events.toByteArray());
            batch.packInt(0);
            return batch.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String medium(KvTier tier) {
        return switch (tier) {
            case DEVICE -> "GPU";
            case HOST -> "CPU";
            case DISK -> "DISK";
            case REMOTE -> "EXTERNAL";
        };
    }

    private void begin(int fields, String type, long[] hashes) throws IOException {
        count++;
        events.packMapHeader(fields);
        events.packString("type").packString(type);
        events.packString("block_hashes").packArrayHeader(hashes.length);
        for (long hash : hashes) {
            events.packBigInteger(unsigned(hash));
        }
    }

    private void extraKeys(int blocks, @Nullable String firstBlockSalt) throws IOException {
        events.packString("extra_keys").packArrayHeader(blocks);
        for (int i = 0; i < blocks; i++) {
            if (i == 0 && firstBlockSalt != null) {
                events.packArrayHeader(1).packString(firstBlockSalt);
            } else {
                events.packNil();
            }
        }
    }

    private static BigInteger unsigned(long hash) {
        BigInteger value = BigInteger.valueOf(hash);
        return hash < 0 ? value.add(BigInteger.ONE.shiftLeft(Long.SIZE)) : value;
    }
}
