package inference;

import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.FromStringDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializerBase;
import java.util.HexFormat;
import java.util.function.Function;
import kv.SequenceHash;
import kv.WorkerId;

/**
 * How durable schemas write values of {@code kv} and {@code inference}: each as one short text, whatever its components are
 * called. Schemas add their own values.
 *
 * <p>Thread-safety: immutable once registered.
 */
public abstract class DurableValues extends SimpleModule {

    protected DurableValues(String name) {
        super(name);
        text(TenantId.class, TenantId::value, TenantId::new);
        text(SessionId.class, SessionId::value, SessionId::new);
        text(WorkerId.class, WorkerId::url, WorkerId::new);
        text(PromptFingerprint.class, PromptFingerprint::toString, hex -> wide(hex, PromptFingerprint::new));
        text(
                SequenceHash.class,
                hash -> HexFormat.of().toHexDigits(hash.value()),
                hex -> new SequenceHash(HexFormat.fromHexDigitsToLong(hex)));
    }

    /** A value of 128 bits, as 32 hexadecimal digits. */
    protected static <T> T wide(String hex, LongBinary<T> value) {
        return value.of(HexFormat.fromHexDigitsToLong(hex, 0, 16), HexFormat.fromHexDigitsToLong(hex, 16, 32));
    }

    /** Makes a value of its two halves. */
    @FunctionalInterface
    protected interface LongBinary<T> {
        T of(long high, long low);
    }

    /** Writes and reads a type as text. */
    protected final <T> void text(Class<T> type, Function<T, String> write, Function<String, T> read) {
        addSerializer(type, new TextWriter<>(type, write));
        addDeserializer(type, new TextReader<>(type, read));
    }

    private static final class TextWriter<T> extends ToStringSerializerBase {
        private final transient Function<T, String> write;
        private final Class<T> type;

        TextWriter(Class<T> type, Function<T, String> write) {
            super(type);
            this.type = type;
            this.write = write;
        }

        @Override
        public String valueToString(Object value) {
            return write.apply(type.cast(value));
        }
    }

    private static final class TextReader<T> extends FromStringDeserializer<T> {
        private final transient Function<String, T> read;

        TextReader(Class<T> type, Function<String, T> read) {
            super(type);
            this.read = read;
        }

        @Override
        protected T _deserialize(String text, DeserializationContext context) {
            return read.apply(text);
        }
    }
}
