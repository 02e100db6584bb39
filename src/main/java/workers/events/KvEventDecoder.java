package workers.events;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import kv.EngineHash;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ImmutableValue;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/**
 * Reads the msgpack event batches of vLLM, SGLang and the cache layers that publish the same stream.
 *
 * <p>Engines of many ages are in use, so what a field is follows from the shape found, never from a version: structs come
 * as arrays or as maps, hashes as integers or digests, tokens one by one or in pairs. Unknown fields are ignored, missing
 * ones are nil, and an event that cannot be used is counted and skipped without losing its batch.
 *
 * <p>Thread-safety: stateless.
 *
 * @see <a href="https://github.com/vllm-project/vllm/blob/main/vllm/distributed/kv_events.py">vLLM's kv_events.py</a>
 */
public final class KvEventDecoder {
    private KvEventDecoder() {}

    /** Decodes one payload; throws when it is no event batch at all. */
    public static EngineEventBatch decode(byte[] payload) throws MalformedBatchException {
        try {
            return batch(unpack(payload));
        } catch (IOException | MessagePackException | MalformedEventException e) {
            throw new MalformedBatchException(e);
        }
    }

    private static EngineEventBatch batch(Value batch) throws MalformedBatchException {
        Value events;
        Value rank;
        if (batch.isArrayValue() && batch.asArrayValue().size() >= 2) {
            events = batch.asArrayValue().get(1);
            rank = batch.asArrayValue().getOrNilValue(2);
        } else if (batch.isMapValue()) {
            Fields fields = Fields.of(batch);
            events = fields.get(1, "events");
            rank = fields.get(2, "data_parallel_rank");
            rank = rank.isNilValue() ? fields.get(2, "attn_dp_rank") : rank;
        } else {
            throw new MalformedBatchException("an event batch is an array of at least 2 or a map");
        }
        if (!events.isArrayValue()) {
            throw new MalformedBatchException("an event batch holds a list of events");
        }
        int stated = rank.isIntegerValue() ? rank.asIntegerValue().toInt() : EngineEventBatch.RANK_UNSAID;
        return events(stated, events.asArrayValue().list());
    }

    private static Value unpack(byte[] payload) throws IOException, MalformedBatchException {
        refuseImpossibleCounts(payload);
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(payload)) {
            return unpacker.unpackValue();
        }
    }

    /** The library allocates what a header promises before it reads it, so a promise must fit into the bytes that follow. */
    private static void refuseImpossibleCounts(byte[] payload) throws IOException, MalformedBatchException {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(payload)) {
            long pendingValues = 1;
            while (pendingValues > 0) {
                switch (unpacker.getNextFormat().getValueType()) {
                    case ARRAY -> pendingValues += unpacker.unpackArrayHeader();
                    case MAP -> pendingValues += 2L * unpacker.unpackMapHeader();
                    default -> unpacker.skipValue();
                }
                pendingValues--;
                if (pendingValues > payload.length - unpacker.getTotalReadBytes()) {
                    throw new MalformedBatchException("a count exceeds the bytes that follow");
                }
            }
        }
    }

    private static EngineEventBatch events(int rank, List<Value> values) {
        List<EngineEvent> events = new ArrayList<>(values.size());
        int skipped = 0;
        for (Value value : values) {
            try {
                EngineEvent event = event(Fields.of(value));
                if (event == null) {
                    skipped++;
                } else {
                    events.add(event);
                }
            } catch (MalformedEventException | MessagePackException e) {
                skipped++;
            }
        }
        return new EngineEventBatch(rank, events, skipped);
    }

    /** The event, or null when its tag or its medium is unknown. */
    private static @Nullable EngineEvent event(Fields fields) {
        String tag = fields.tag();
        if (tag.equals("AllBlocksCleared")) {
            return new EngineEvent.Cleared();
        }
        if (tag.equals("BlockStored")) {
            KvTier tier = tier(fields.get(6, "medium"));
            return tier == null ? null : stored(fields, tier);
        }
        if (tag.equals("BlockRemoved")) {
            KvTier tier = tier(fields.get(2, "medium"));
            int group = group(fields.get(3, "group_idx"));
            return tier == null ? null : new EngineEvent.Removed(hashes(fields.get(1, "block_hashes")), tier, group);
        }
        return null;
    }

    private static EngineEvent stored(Fields fields, KvTier tier) {
        long[] hashes = hashes(fields.get(1, "block_hashes"));
        Value parentValue = fields.get(2, "parent_block_hash");
        EngineHash parent = parentValue.isNilValue() ? null : new EngineHash(hash(parentValue));
        int[] tokens = tokens(fields.get(3, "token_ids"));
        // Two engines use one position for different things; only the types differ.
        Value seventh = fields.get(7, "lora_name");
        ExtraKeys keys =
                ExtraKeys.read(fields.get(8, "extra_keys"), parent == null, adapter(fields, seventh), hashes.length);
        String salt = seventh.isMapValue() ? saltOf(seventh) : keys.salt();
        int group = group(fields.get(9, "group_idx"));
        return new EngineEvent.Stored(
                hashes, parent, tokens, tier, group, text(fields.get(10, "kv_cache_spec_kind")), salt, keys.blocks());
    }

    private static @Nullable String adapter(Fields fields, Value name) {
        if (name.isStringValue()) {
            return name.asStringValue().asString();
        }
        Value id = fields.get(5, "lora_id");
        return id.isIntegerValue() ? id.toString() : null;
    }

    private static @Nullable String saltOf(Value map) {
        Map<Value, Value> entries = map.asMapValue().map();
        return text(entries.getOrDefault(SALT_KEY, NIL));
    }

    private static @Nullable KvTier tier(Value medium) {
        return Media.tier(medium.isStringValue() ? medium.asStringValue().asString() : "")
                .orElse(null);
    }

    private static int group(Value value) {
        return value.isIntegerValue() ? value.asIntegerValue().toInt() : EngineEvent.NO_GROUP;
    }

    private static @Nullable String text(Value value) {
        return value.isStringValue() ? value.asStringValue().asString() : null;
    }

    private static long[] hashes(Value value) {
        List<Value> values = list(value, "block_hashes");
        long[] hashes = new long[values.size()];
        for (int i = 0; i < hashes.length; i++) {
            hashes[i] = hash(values.get(i));
        }
        return hashes;
    }

    private static long hash(Value value) {
        if (value.isIntegerValue()) {
            return number(value);
        }
        if (value.isRawValue() && value.asRawValue().asByteArray().length >= Long.BYTES) {
            return EngineHash.ofDigest(value.asRawValue().asByteArray()).value();
        }
        throw new MalformedEventException("a hash is an integer or a digest");
    }

    /** Tokens one by one, or as overlapping pairs of which the first members are the tokens. */
    private static int[] tokens(Value value) {
        List<Value> values = value.isNilValue() ? List.of() : list(value, "token_ids");
        int[] tokens = new int[values.size()];
        for (int i = 0; i < tokens.length; i++) {
            Value token = values.get(i);
            if (token.isArrayValue() && token.asArrayValue().size() > 0) {
                token = token.asArrayValue().get(0);
            }
            if (!token.isIntegerValue()) {
                throw new MalformedEventException("a token id is an integer");
            }
            tokens[i] = (int) number(token);
        }
        return tokens;
    }

    private static List<Value> list(Value value, String field) {
        if (!value.isArrayValue()) {
            throw new MalformedEventException(field + " is a list");
        }
        return value.asArrayValue().list();
    }

    /** Integers are 64 bits without a sign here: a signed and an unsigned reading of one hash are equal. */
    private static long number(Value value) {
        return value.asIntegerValue().isInLongRange()
                ? value.asIntegerValue().asLong()
                : value.asIntegerValue().asBigInteger().longValue();
    }

    private static final ImmutableValue NIL = ValueFactory.newNil();
    private static final ImmutableValue SALT_KEY = ValueFactory.newString("cache_salt");
}
