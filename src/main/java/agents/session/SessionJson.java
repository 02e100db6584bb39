package agents.session;

import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.FromStringDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializerBase;
import inference.PromptFingerprint;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.util.HexFormat;
import java.util.function.Function;
import kv.SequenceHash;
import kv.WorkerId;

/**
 * How the durable schema writes the values of other packages: each as one short text, whatever their components are
 * called.
 *
 * <p>Thread-safety: immutable once registered.
 */
public final class SessionJson extends SimpleModule {

    public SessionJson() {
        super("agents.session");
        text(TenantId.class, TenantId::value, TenantId::new);
        text(SessionId.class, SessionId::value, SessionId::new);
        text(TurnId.class, TurnId::value, TurnId::new);
        text(WorkerId.class, WorkerId::url, WorkerId::new);
        text(PromptFingerprint.class, PromptFingerprint::toString, SessionJson::fingerprint);
        text(SequenceHash.class, hash -> HexFormat.of().toHexDigits(hash.value()), SessionJson::sequenceHash);
    }

    private static PromptFingerprint fingerprint(String hex) {
        return new PromptFingerprint(
                HexFormat.fromHexDigitsToLong(hex, 0, 16), HexFormat.fromHexDigitsToLong(hex, 16, 32));
    }

    private static SequenceHash sequenceHash(String hex) {
        return new SequenceHash(HexFormat.fromHexDigitsToLong(hex));
    }

    private <T> void text(Class<T> type, Function<T, String> write, Function<String, T> read) {
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
