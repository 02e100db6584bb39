package testkit;

import akka.actor.typed.ActorRef;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Made-up values of any record: every component filled, every permitted subtype and constant taken in turn. */
public final class Samples {
    private final ActorRef<?> reference;
    private final Map<Class<?>, Object> given = new HashMap<>();
    private int next = 1;

    /** @param reference what stands for every actor */
    public Samples(ActorRef<?> reference) {
        this.reference = reference;
    }

    /** Takes a value for a type whose components cannot be just any. */
    public Samples with(Object value) {
        given.put(value.getClass(), value);
        return this;
    }

    /** Concrete records of a sealed type, or the record itself. */
    public static Set<Class<?>> leaves(Class<?> root) {
        if (!root.isSealed()) {
            return Set.of(root);
        }
        Set<Class<?>> leaves = new LinkedHashSet<>();
        for (Class<?> permitted : root.getPermittedSubclasses()) {
            leaves.addAll(leaves(permitted));
        }
        return leaves;
    }

    /** A value of a type with all of its components set. */
    public Object of(Type type) {
        if (type instanceof ParameterizedType generic) {
            Class<?> raw = (Class<?>) generic.getRawType();
            if (raw == List.class) {
                return all(generic.getActualTypeArguments()[0]);
            }
            if (raw == Set.class) {
                return Set.copyOf(all(generic.getActualTypeArguments()[0]));
            }
            return of(raw);
        }
        if (type instanceof WildcardType wildcard) {
            return of(wildcard.getUpperBounds()[0]);
        }
        return ofClass((Class<?>) type);
    }

    private List<Object> all(Type element) {
        List<Object> samples = new ArrayList<>();
        if (element instanceof Class<?> root && root.isSealed()) {
            leaves(root).forEach(leaf -> samples.add(of(leaf)));
        } else {
            samples.add(of(element));
            samples.add(of(element));
        }
        return samples;
    }

    private Object ofClass(Class<?> type) {
        if (type == int.class || type == Integer.class) {
            return 1 + next++ % 100; // within the bounds of every count and share
        } else if (type == long.class || type == Long.class) {
            return 0x7000_0000_0000_0000L + next++;
        } else if (type == boolean.class || type == Boolean.class) {
            return true;
        } else if (type == double.class || type == Double.class) {
            return next++ / 8.0;
        } else if (type == String.class) {
            return "text ✓ " + next++;
        } else if (type == Duration.class) {
            return Duration.ofNanos(123_456_789_012L + next++);
        } else if (type == Instant.class) {
            return Instant.ofEpochSecond(1_800_000_000L + next++, 987_654_321);
        } else if (type == long[].class) {
            return new long[] {next++, -1, Long.MIN_VALUE};
        } else if (ActorRef.class.isAssignableFrom(type)) {
            return reference;
        } else if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            return constants[next++ % constants.length];
        } else if (type.isSealed()) {
            return of(leaves(type).iterator().next());
        } else if (given.containsKey(type)) {
            return given.get(type);
        } else if (type.isRecord()) {
            return record(type);
        }
        throw new IllegalArgumentException("no sample of " + type);
    }

    private Object record(Class<?> type) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values =
                Arrays.stream(components).map(c -> of(c.getGenericType())).toArray();
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("sample of " + type, e);
        }
    }

    /** Whether two values are equal through all components, arrays by content. */
    public static boolean deepEquals(Object one, Object other) {
        if (one == null || other == null || one.getClass().isEnum()) {
            return Objects.equals(one, other);
        }
        if (one.getClass().isArray()) {
            return other.getClass().isArray() && Objects.deepEquals(boxed(one), boxed(other));
        }
        if (one instanceof List<?> list && other instanceof List<?> others) {
            if (list.size() != others.size()) {
                return false;
            }
            for (int i = 0; i < list.size(); i++) {
                if (!deepEquals(list.get(i), others.get(i))) {
                    return false;
                }
            }
            return true;
        }
        if (!one.getClass().isRecord() || one.getClass() != other.getClass()) {
            return one.equals(other);
        }
        return Arrays.stream(one.getClass().getRecordComponents())
                .allMatch(component -> deepEquals(value(component, one), value(component, other)));
    }

    private static Object[] boxed(Object array) {
        Object[] boxed = new Object[Array.getLength(array)];
        Arrays.setAll(boxed, i -> Array.get(array, i));
        return boxed;
    }

    private static Object value(RecordComponent component, Object of) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(of);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }
}
