package cluster;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.ByteBufferSerializer;
import akka.serialization.SerializerWithStringManifest;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.ByteBufferInput;
import com.esotericsoftware.kryo.io.ByteBufferOutput;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.KryoBufferOverflowException;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.util.Pool;
import java.io.NotSerializableException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Messages between nodes as bytes: Kryo with registration required, so that a class that is not in
 * {@link KryoRegistrations} neither leaves nor enters a node. Created by Akka from {@code serialization.conf}.
 *
 * <p>Thread-safety: safe for concurrent use; each call borrows a Kryo.
 */
public final class KryoSerializer extends SerializerWithStringManifest implements ByteBufferSerializer {
    /** Version of the format of all messages together. */
    private static final String FORMAT = "1";

    private static final int INITIAL_BYTES = 512;

    private final int identifier;
    private final Pool<Kryo> kryos;

    /** Called by Akka. */
    public KryoSerializer(ExtendedActorSystem system) {
        this.identifier = system.settings().config().getInt("akka.actor.serialization-identifiers.holdfast-wire");
        this.kryos = new Pool<>(true, false) {
            @Override
            protected Kryo create() {
                return kryo(ActorRefResolver.get(Adapter.toTyped(system)));
            }
        };
    }

    private static Kryo kryo(ActorRefResolver references) {
        Kryo kryo = new Kryo(new WireClasses(), null);
        kryo.setRegistrationRequired(true);
        kryo.setReferences(false);
        WireClasses.register(kryo, references);
        KryoRegistrations.register(kryo);
        return kryo;
    }

    @Override
    public int identifier() {
        return identifier;
    }

    @Override
    public String manifest(Object message) {
        return FORMAT;
    }

    @Override
    public byte[] toBinary(Object message) {
        Output output = new Output(INITIAL_BYTES, -1);
        write(message, output);
        return output.toBytes();
    }

    @Override
    public void toBinary(Object message, ByteBuffer buffer) {
        ByteBufferOutput output = new ByteBufferOutput(buffer);
        try {
            write(message, output);
        } catch (KryoBufferOverflowException e) {
            // What the remoting layer expects of a message above its frame size.
            throw (BufferOverflowException) new BufferOverflowException().initCause(e);
        }
        buffer.position(output.position());
    }

    @Override
    public Object fromBinary(byte[] bytes, @Nullable String manifest) throws NotSerializableException {
        return read(new Input(bytes), manifest);
    }

    @Override
    public Object fromBinary(ByteBuffer buffer, @Nullable String manifest) {
        ByteBufferInput input = new ByteBufferInput(buffer);
        try {
            return read(input, manifest);
        } catch (NotSerializableException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private void write(Object message, Output output) {
        Kryo kryo = kryos.obtain();
        try {
            kryo.writeClassAndObject(output, message);
        } finally {
            kryos.free(kryo);
        }
    }

    private Object read(Input input, @Nullable String manifest) throws NotSerializableException {
        if (!FORMAT.equals(manifest)) {
            throw new NotSerializableException("wire format " + manifest + " is unknown here, this is " + FORMAT);
        }
        Kryo kryo = kryos.obtain();
        try {
            return kryo.readClassAndObject(input);
        } finally {
            kryos.free(kryo);
        }
    }
}
