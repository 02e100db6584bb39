package architecture;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The import table of docs/architecture.md. Think before widening a row: a pure package that learns of actors can no
 * longer be replayed, a router that learns of HTTP can no longer serve another dialect.
 */
class LayeringTest {
    private static final String NO_AKKA = "none";

    /** Package → what it may import of ours, and the Akka packages it may use (prefixes below {@code akka}). */
    private static final Map<String, Row> TABLE = new LinkedHashMap<>();

    static {
        String pureWorkers = "workers.status workers.holds workers.seats workers.sim workers.events";
        String pureRouter = "router.strategy router.queue router.retention router.placement";
        row("kv", "", NO_AKKA);
        row("metrics", "", NO_AKKA);
        row("inference", "kv", NO_AKKA);
        row("inference.pieces", "inference", NO_AKKA);
        row("inference.jinja", "", NO_AKKA);
        row("inference.huggingface", "inference inference.jinja", NO_AKKA);
        row("workers.status", "kv inference metrics", NO_AKKA);
        row("workers.holds", "kv inference metrics", NO_AKKA);
        row("workers.seats", "kv inference metrics", NO_AKKA);
        row("workers.events", "kv inference metrics", NO_AKKA);
        row("workers.sim", "kv inference metrics workers.status workers.holds", NO_AKKA);
        row("workers.simserver", "kv inference metrics " + pureWorkers, NO_AKKA);
        row(
                "workers",
                "kv inference inference.pieces metrics " + pureWorkers,
                "actor cluster stream pattern japi NotUsed Done");
        row(
                "workers.openai",
                "kv inference metrics workers " + pureWorkers,
                "actor http stream util event japi NotUsed Done");
        row(
                "workers.llamacpp",
                "kv inference metrics workers workers.openai " + pureWorkers,
                "actor http stream util event japi dispatch NotUsed Done");
        row("router.strategy", "kv inference metrics workers.status", NO_AKKA);
        row("router.queue", "kv inference metrics workers.status", NO_AKKA);
        row("router.retention", "kv inference metrics workers.status", NO_AKKA);
        row(
                "router.placement",
                "kv inference metrics workers.status router.strategy router.queue router.retention",
                NO_AKKA);
        row(
                "router",
                "kv inference metrics workers " + pureWorkers + " " + pureRouter,
                "actor cluster persistence japi");
        row("agents.session", "kv inference metrics", NO_AKKA);
        row("agents.plan", "kv inference metrics agents.session router.retention", NO_AKKA);
        row(
                "agents",
                "kv inference inference.pieces metrics workers workers.status router " + pureRouter
                        + " agents.session agents.plan",
                "actor cluster persistence stream pattern japi NotUsed Done");
        row("frontend", "kv inference metrics", "http stream actor util event japi pattern NotUsed Done");
        for (String dialect : Set.of("chat", "responses", "messages", "admin")) {
            row(
                    "frontend." + dialect,
                    "kv inference metrics frontend",
                    "http stream actor util event japi pattern NotUsed Done");
        }
        String pure = "kv inference metrics " + pureWorkers + " " + pureRouter + " agents.session agents.plan";
        row("replay", pure + " replay.trace replay.workload", NO_AKKA);
        row("replay.trace", pure + " replay", NO_AKKA);
        row("replay.workload", pure + " replay replay.trace", NO_AKKA);
        row("replay.live", "inference metrics replay replay.trace", NO_AKKA);
        row("dashboard", "workers workers.status router agents agents.session", "http stream actor NotUsed Done");
        row("cluster", "*", "*");
        row("cli", "cluster replay replay.trace replay.live workers.sim workers.simserver", NO_AKKA);
    }

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPaths("target/classes");
    }

    @Test
    void everyPackageStandsInTheTable() {
        Set<String> unknown = classes.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> !TABLE.containsKey(name))
                .collect(toCollection(TreeSet::new));
        assertEquals(Set.of(), unknown, "packages without a row in the import table");
    }

    @Test
    void packagesImportOnlyWhatTheTableAllows() {
        Set<String> violations = new TreeSet<>();
        for (JavaClass type : classes) {
            Row row = TABLE.getOrDefault(type.getPackageName(), new Row(Set.of("*"), Set.of("*")));
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String target =
                        dependency.getTargetClass().getBaseComponentType().getPackageName();
                boolean ours = TABLE.containsKey(target) && !target.equals(type.getPackageName());
                if (ours && !row.allows(target)) {
                    violations.add(type.getName() + " -> " + target);
                }
                if (target.equals("akka") || target.startsWith("akka.")) {
                    String name =
                            dependency.getTargetClass().getBaseComponentType().getName();
                    if (!row.allowsAkka(name)) {
                        violations.add(type.getName() + " -> " + name);
                    }
                }
            }
        }
        assertTrue(violations.isEmpty(), () -> "forbidden imports:\n" + String.join("\n", violations));
    }

    @Test
    void purePackagesReadNoClockAndNoUnseededRandomness() {
        Set<String> forbidden = Set.of(
                "java.lang.System.nanoTime",
                "java.lang.System.currentTimeMillis",
                "java.time.Instant.now",
                "java.time.LocalDateTime.now",
                "java.lang.Math.random",
                "java.util.UUID.randomUUID",
                "java.util.concurrent.ThreadLocalRandom.current");
        Set<String> violations = new TreeSet<>();
        for (JavaClass type : classes) {
            if (!pure(type.getPackageName())) {
                continue;
            }
            type.getMethodCallsFromSelf().forEach(call -> {
                String name = call.getTargetOwner().getName() + "." + call.getName();
                if (forbidden.contains(name)) {
                    violations.add(type.getName() + " calls " + name);
                }
            });
        }
        assertEquals(Set.of(), violations);
    }

    private static boolean pure(String name) {
        Row row = TABLE.get(name);
        return row != null
                && row.akka.contains(NO_AKKA)
                && !Set.of("cli", "metrics", "workers.simserver", "replay.live").contains(name);
    }

    private static void row(String name, String ours, String akka) {
        TABLE.put(name, new Row(words(ours), words(akka)));
    }

    private static Set<String> words(String text) {
        return new HashSet<>(Arrays.asList(text.split(" ")));
    }

    private record Row(Set<String> ours, Set<String> akka) {
        boolean allows(String target) {
            return ours.contains("*") || ours.contains(target);
        }

        boolean allowsAkka(String type) {
            return akka.contains("*")
                    || akka.stream()
                            .anyMatch(part -> type.startsWith("akka." + part + ".") || type.equals("akka." + part));
        }
    }
}
