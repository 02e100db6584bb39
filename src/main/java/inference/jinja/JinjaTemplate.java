package inference.jinja;

import inference.jinja.Callable.Arguments;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A chat template, read once. Its language is the part of Jinja that published chat templates use, in the sandbox that engines run them
 * in: nothing outside can be reached. What it does not know is an error when it is read.
 *
 * <p>Ranges and repetitions have the sandbox's limits; how long loops run is the template's own affair. Thread-safety: immutable.
 */
public final class JinjaTemplate {
    private static final Pattern DIRECTIVE = Pattern.compile("%(.)");
    /** Directives of C's {@code strftime} as Java writes them. */
    private static final Map<String, String> DIRECTIVES = Map.of(
            "d", "dd", "b", "MMM", "B", "MMMM", "m", "MM", "Y", "yyyy", "A", "EEEE", "a", "EEE", "H", "HH", "M", "mm",
            "S", "ss");

    /** Of a range, as in Jinja's sandbox. */
    private static final int MOST_NUMBERS = 100_000;

    private final Statement whole;
    private final Map<String, @Nullable Object> functions = new HashMap<>();

    /**
     * @param clock what {@code strftime_now} tells, in UTC
     * @throws TemplateFailure when it cannot be read
     */
    public JinjaTemplate(String source, InstantSource clock) {
        this.whole = orFailure(() -> StatementReader.read(source));
        functions.put("namespace", (Callable) JinjaTemplate::namespace);
        functions.put("dict", (Callable) arguments -> new LinkedHashMap<>(arguments.named()));
        functions.put("range", (Callable) JinjaTemplate::range);
        functions.put("raise_exception", (Callable) arguments -> {
            throw TemplateFailure.raised(Python.text(arguments.of(0, "message")));
        });
        functions.put("strftime_now", (Callable)
                arguments -> time(arguments.text(0, "format"), clock.instant().atZone(ZoneOffset.UTC)));
    }

    /**
     * Renders a conversation.
     *
     * @param variables null, booleans, {@link Long}, {@link Double}, strings, lists and maps of these
     * @throws TemplateFailure when the template refuses them
     */
    public String render(Map<String, ? extends @Nullable Object> variables) {
        Scope scope = Scope.of(functions);
        variables.forEach(scope::set);
        return orFailure(() -> Statements.written(whole, scope));
    }

    /** Whatever goes wrong in a template, such as a division by zero or a macro that calls itself, is the template's failure. */
    private static <T> T orFailure(Supplier<T> work) {
        try {
            return work.get();
        } catch (TemplateFailure failure) {
            throw failure;
        } catch (RuntimeException | StackOverflowError failure) {
            throw new TemplateFailure(failure.toString());
        }
    }

    private static Object namespace(Arguments arguments) {
        Statements.Namespace namespace = new Statements.Namespace();
        namespace.putAll(arguments.named());
        return namespace;
    }

    private static Object range(Arguments arguments) {
        boolean one = arguments.positional().size() == 1;
        int from = one ? 0 : arguments.integer(0, "start", 0);
        int to = arguments.integer(one ? 0 : 1, "stop", 0);
        int step = arguments.integer(2, "step", 1);
        List<Object> numbers = new ArrayList<>();
        if (step == 0 || Math.abs((long) to - from) / Math.abs((long) step) > MOST_NUMBERS) {
            throw new TemplateFailure("a range of step 0 or of more than " + MOST_NUMBERS + " numbers");
        }
        for (long i = from; step > 0 ? i < to : i > to && step < 0; i += step) {
            numbers.add(i);
        }
        return numbers;
    }

    private static String time(String format, ZonedDateTime now) {
        return DIRECTIVE.matcher(format).replaceAll(directive -> {
            String pattern = DIRECTIVES.get(directive.group(1));
            if (pattern == null) {
                throw new TemplateFailure("strftime_now does not know " + directive.group());
            }
            return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(now);
        });
    }
}
