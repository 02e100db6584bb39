package workers.events;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.msgpack.value.Value;

/**
 * What an engine mixed into its hashes beside the tokens, taken apart: the prompt's cache salt, and per block the rest
 * (adapter, images, embeddings) as one text.
 *
 * @param salt null when the keys hold none
 * @param blocks one text per block, empty for nothing; an empty list when no block has any
 */
record ExtraKeys(@Nullable String salt, List<String> blocks) {
    static final ExtraKeys NONE = new ExtraKeys(null, List.of());

    /**
     * Reads the {@code extra_keys} of an event. The salt stands in a prompt's first block only, as its last plain text
     * that is not the adapter's name; plain texts elsewhere are image ids.
     *
     * @param adapter name or id of the adapter, null without one
     */
    static ExtraKeys read(Value keys, boolean root, @Nullable String adapter, int blocks) {
        String base = adapter == null ? "" : "adapter " + adapter;
        if (!keys.isArrayValue()) {
            return adapter == null ? NONE : new ExtraKeys(null, Collections.nCopies(blocks, base));
        }
        List<Value> perBlock = keys.asArrayValue().list();
        String salt = root && !perBlock.isEmpty() ? salt(perBlock.get(0), adapter) : null;
        List<String> texts = new ArrayList<>(blocks);
        boolean any = adapter != null;
        for (int i = 0; i < blocks; i++) {
            String own = i < perBlock.size() ? rest(perBlock.get(i), adapter, i == 0 ? salt : null) : "";
            any |= !own.isEmpty();
            texts.add(base + own);
        }
        return new ExtraKeys(salt, any ? texts : List.of());
    }

    private static @Nullable String salt(Value block, @Nullable String adapter) {
        String last = null;
        for (Value key : list(block)) {
            if (key.isStringValue() && !key.asStringValue().asString().equals(adapter)) {
                last = key.asStringValue().asString();
            }
        }
        return last;
    }

    private static String rest(Value block, @Nullable String adapter, @Nullable String salt) {
        StringBuilder text = new StringBuilder();
        for (Value key : list(block)) {
            String plain = key.isStringValue() ? key.asStringValue().asString() : null;
            if (plain == null || !(plain.equals(adapter) || plain.equals(salt))) {
                text.append('\n').append(key.toJson());
            }
        }
        return text.toString();
    }

    private static List<Value> list(Value block) {
        return block.isArrayValue() ? block.asArrayValue().list() : List.of();
    }
}
