package workers.events;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.msgpack.value.ImmutableValue;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/**
 * Fields of a tagged struct that engines encode either by position, tag first, or by name. Missing fields read as nil;
 * positions and names beyond the known ones are never looked at.
 */
final class Fields {
    private static final ImmutableValue NIL = ValueFactory.newNil();
    private static final String TAG = "type";

    private final List<Value> positions;
    private final Map<String, Value> names;

    private Fields(List<Value> positions, Map<String, Value> names) {
        this.positions = positions;
        this.names = names;
    }

    /** Reads either shape; anything else is a {@link MalformedEventException}. */
    static Fields of(Value value) {
        if (value.isArrayValue()) {
            return new Fields(value.asArrayValue().list(), Map.of());
        }
        if (value.isMapValue()) {
            Map<String, Value> names = new HashMap<>();
            value.asMapValue().map().forEach((key, field) -> {
                if (key.isStringValue()) {
                    names.put(key.asStringValue().asString(), field);
                }
            });
            return new Fields(List.of(), names);
        }
        throw new MalformedEventException("neither array nor map");
    }

    /** Class name of the event. */
    String tag() {
        Value tag = names.isEmpty() ? at(0) : names.getOrDefault(TAG, NIL);
        if (!tag.isStringValue()) {
            throw new MalformedEventException("no tag");
        }
        return tag.asStringValue().asString();
    }

    Value get(int position, String name) {
        return names.isEmpty() ? at(position) : names.getOrDefault(name, NIL);
    }

    private Value at(int position) {
        return position < positions.size() ? positions.get(position) : NIL;
    }
}
