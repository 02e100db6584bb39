package architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Every command of every behavior has a handler: the compiler cannot say so without pattern switches. */
class ProtocolTest {
    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPaths("target/classes");

    @Test
    void everyCommandHasAHandler() {
        List<JavaClass> protocols = classes.stream()
                .filter(type -> type.getSimpleName().equals("Command") && type.isInterface())
                .toList();
        assertFalse(protocols.isEmpty(), "no behavior was found: the test looks in the wrong place");

        Set<String> unhandled = new TreeSet<>();
        for (JavaClass protocol : protocols) {
            JavaClass behavior = protocol.getEnclosingClass().orElseThrow();
            Set<JavaClass> named = new HashSet<>();
            behaviorAndNested(behavior).stream()
                    .flatMap(type -> type.getCodeUnits().stream())
                    .filter(ProtocolTest::registersHandlers)
                    .forEach(unit ->
                            unit.getReferencedClassObjects().forEach(reference -> named.add(reference.getRawType())));
            for (Class<?> command : leaves(protocol.reflect())) {
                boolean handled = named.stream().anyMatch(type -> type.getName().equals(command.getName()));
                if (!handled) {
                    unhandled.add(command.getName());
                }
            }
        }
        assertEquals(Set.of(), unhandled, "commands without a handler");
    }

    /** A class named elsewhere, such as a timer's key, has no handler for that. */
    private static boolean registersHandlers(JavaCodeUnit unit) {
        return unit.getMethodCallsFromSelf().stream()
                .map(call -> call.getTarget().getName())
                .anyMatch(name -> name.startsWith("onMessage") || name.startsWith("onCommand"));
    }

    private List<JavaClass> behaviorAndNested(JavaClass behavior) {
        return classes.stream()
                .filter(type -> type.equals(behavior) || type.getName().startsWith(behavior.getName() + "$"))
                .toList();
    }

    private static List<Class<?>> leaves(Class<?> sealed) {
        List<Class<?>> found = new ArrayList<>();
        for (Class<?> permitted : sealed.getPermittedSubclasses()) {
            if (permitted.isSealed()) {
                found.addAll(leaves(permitted));
            } else {
                found.add(permitted);
            }
        }
        return found;
    }
}
