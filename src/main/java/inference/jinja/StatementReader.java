package inference.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a template's tags. One that it does not know is an error, for to leave it out would change prompts in silence.
 *
 * <p>Confined to one reading.
 */
final class StatementReader {
    private final List<Chunk> chunks;
    private int at;

    private StatementReader(List<Chunk> chunks) {
        this.chunks = chunks;
    }

    static Statement read(String source) {
        return new StatementReader(Scanner.scan(source)).until(Set.of());
    }

    /** Reads up to one of some tags, which is left to be read; up to the end for none. */
    private Statement until(Set<String> ends) {
        List<Statement> all = new ArrayList<>();
        while (at < chunks.size()) {
            Chunk chunk = chunks.get(at);
            if (chunk.kind() == Chunk.Kind.TAG
                    && ends.contains(chunk.tokens().get(0).text())) {
                return new Statements.Sequence(all);
            }
            at++;
            all.add(statement(chunk));
        }
        if (!ends.isEmpty()) {
            throw new TemplateFailure("the template ends where one of " + ends + " is missing");
        }
        return new Statements.Sequence(all);
    }

    private Statement statement(Chunk chunk) {
        if (chunk.kind() == Chunk.Kind.TEXT) {
            return Statements.text(chunk.text());
        }
        Tokens tokens = new Tokens(chunk.tokens());
        if (chunk.kind() == Chunk.Kind.OUTPUT) {
            Expression value = new ExpressionReader(tokens).tuple();
            tokens.end();
            return Statements.output(value);
        }
        Token tag = tokens.next();
        return switch (tag.text()) {
            case "if" -> condition(tokens);
            case "for" -> loop(tokens);
            case "set" -> assignment(tokens);
            case "macro" -> macro(tokens);
            case "break" -> (scope, out) -> Statement.Flow.BREAK;
            case "continue" -> (scope, out) -> Statement.Flow.CONTINUE;
            // Marks what is trained on: no matter for what is written.
            case "generation" -> body("endgeneration");
            default -> throw new TemplateFailure("line " + tag.line() + ": no such tag: " + tag.text());
        };
    }

    private Statement condition(Tokens tokens) {
        Expression condition = new ExpressionReader(tokens).tuple();
        tokens.end();
        Statement then = until(Set.of("elif", "else", "endif"));
        Tokens next = tag();
        Statement otherwise =
                switch (next.next().text()) {
                    case "elif" -> condition(next);
                    case "else" -> body("endif");
                    default -> new Statements.Sequence(List.of());
                };
        return (scope, out) -> (Python.truth(condition.value(scope)) ? then : otherwise).run(scope, out);
    }

    private Statement loop(Tokens tokens) {
        List<String> names = names(tokens);
        if (!tokens.word("in")) {
            throw tokens.unexpected("in");
        }
        Expression over = new ExpressionReader(tokens).or();
        Expression filter = tokens.word("if") ? new ExpressionReader(tokens).expression() : null;
        tokens.end();
        Statement body = until(Set.of("else", "endfor"));
        boolean hasElse = tag().next().name("else");
        Statement otherwise = hasElse ? body("endfor") : new Statements.Sequence(List.of());
        return new Statements.Loop(names, over, filter, body, otherwise);
    }

    private static List<String> names(Tokens tokens) {
        boolean bracket = tokens.symbol("(");
        List<String> names = new ArrayList<>(List.of(tokens.name()));
        while (tokens.symbol(",")) {
            names.add(tokens.name());
        }
        if (bracket) {
            tokens.expect(")");
        }
        return names;
    }

    private Statement assignment(Tokens tokens) {
        List<String> names = names(tokens);
        String attribute = tokens.symbol(".") ? tokens.name() : null;
        if (tokens.symbol("=")) {
            Expression value = new ExpressionReader(tokens).tuple();
            tokens.end();
            return attribute == null
                    ? Statements.set(names, value)
                    : Statements.setAttribute(names.get(0), attribute, value);
        }
        List<Filtering> filters = new ArrayList<>();
        while (tokens.symbol("|")) {
            String name = tokens.name();
            ArgumentsExpression arguments =
                    tokens.symbol("(") ? new ExpressionReader(tokens).arguments() : ArgumentsExpression.NONE;
            filters.add(new Filtering(Filters.named(name, arguments), arguments));
        }
        tokens.end();
        Statement body = body("endset");
        return Statements.set(names, scope -> {
            Object value = Statements.written(body, scope.inner());
            for (Filtering each : filters) {
                value = each.filter.apply(value, each.arguments.values(scope));
            }
            return value;
        });
    }

    /** A filter with its arguments. */
    private record Filtering(Filters.Filter filter, ArgumentsExpression arguments) {}

    private Statement macro(Tokens tokens) {
        String name = tokens.name();
        tokens.expect("(");
        Map<String, @Nullable Expression> parameters = new LinkedHashMap<>();
        while (!tokens.symbol(")")) {
            String parameter = tokens.name();
            parameters.put(parameter, tokens.symbol("=") ? new ExpressionReader(tokens).expression() : null);
            if (!tokens.peek().symbol(")")) {
                tokens.expect(",");
            }
        }
        tokens.end();
        return new Statements.Macro(name, parameters, body("endmacro"));
    }

    /** Reads up to a tag and over it. */
    private Statement body(String end) {
        Statement body = until(Set.of(end));
        tag();
        return body;
    }

    private Tokens tag() {
        return new Tokens(chunks.get(at++).tokens());
    }
}
