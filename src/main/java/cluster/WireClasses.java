package cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.serializers.ImmutableSerializer;
import com.esotericsoftware.kryo.util.DefaultClassResolver;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds a class's registration on the wire. References to actors and immutable collections have many classes but one
 * meaning: each kind has one id, whatever class implements it here.
 *
 * <p>Thread-safety: confined to its Kryo.
 */
final class WireClasses extends DefaultClassResolver {
    private static final int ACTOR_REF_ID = 10;
    private static final int LIST_ID = 11;
    private static final int SET_ID = 12;

    /** Registers the kinds. */
    static void register(Kryo kryo, ActorRefResolver references) {
        kryo.register(ActorRef.class, new ReferenceSerializer(references), ACTOR_REF_ID);
        kryo.register(List.class, new ListSerializer(), LIST_ID);
        kryo.register(Set.class, new SetSerializer(), SET_ID);
    }

    @Override
    @SuppressWarnings("rawtypes") // as Kryo declares it
    public Registration getRegistration(Class type) {
        Registration exact = super.getRegistration(type);
        if (exact != null) {
            return exact;
        }
        for (Class<?> kind : List.of(ActorRef.class, List.class, Set.class)) {
            if (kind.isAssignableFrom(type)) {
                return super.getRegistration(kind);
            }
        }
        return exact;
    }

    /** An actor by its address in the cluster. */
    private static final class ReferenceSerializer extends ImmutableSerializer<ActorRef<?>> {
        private final ActorRefResolver references;

        ReferenceSerializer(ActorRefResolver references) {
            this.references = references;
        }

        @Override
        public void write(Kryo kryo, Output output, ActorRef<?> reference) {
            output.writeString(references.toSerializationFormat(reference));
        }

        @Override
        public ActorRef<?> read(Kryo kryo, Input input, Class<? extends ActorRef<?>> type) {
            return references.resolveActorRef(input.readString());
        }
    }

    private static final class ListSerializer extends Serializer<List<?>> {
        @Override
        public void write(Kryo kryo, Output output, List<?> list) {
            writeAll(kryo, output, list);
        }

        @Override
        public List<?> read(Kryo kryo, Input input, Class<? extends List<?>> type) {
            return List.copyOf(readAll(kryo, input));
        }
    }

    private static final class SetSerializer extends Serializer<Set<?>> {
        @Override
        public void write(Kryo kryo, Output output, Set<?> set) {
            writeAll(kryo, output, set);
        }

        @Override
        public Set<?> read(Kryo kryo, Input input, Class<? extends Set<?>> type) {
            return Set.copyOf(new HashSet<>(readAll(kryo, input)));
        }
    }

    private static void writeAll(Kryo kryo, Output output, Collection<?> elements) {
        output.writeVarInt(elements.size(), true);
        elements.forEach(element -> kryo.writeClassAndObject(output, element));
    }

    private static List<Object> readAll(Kryo kryo, Input input) {
        int size = input.readVarInt(true);
        List<Object> elements = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            elements.add(kryo.readClassAndObject(input));
        }
        return elements;
    }
}
