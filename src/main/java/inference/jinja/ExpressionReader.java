package inference.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads expressions by Jinja's precedence. Confined to one reading.
 *
 * @see <a href="https://jinja.palletsprojects.com/en/stable/templates/#expressions">Jinja, expressions</a>
 */
final class ExpressionReader {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final Tokens tokens;

    ExpressionReader(Tokens tokens) {
        this.tokens = tokens;
    }

    /** An expression, with commas between several for a list of them. */
    Expression tuple() {
        Expression first = expression();
        if (!tokens.peek().symbol(",")) {
            return first;
        }
        List<Expression> all = new ArrayList<>(List.of(first));
        while (tokens.symbol(",")) {
            all.add(expression());
        }
        return Operators.list(all);
    }

    Expression expression() {
        Expression value = or();
        while (tokens.word("if")) {
            Expression then = value;
            Expression condition = or();
            Expression otherwise = tokens.word("else") ? expression() : scope -> Undefined.of("else");
            value = scope -> (Python.truth(condition.value(scope)) ? then : otherwise).value(scope);
        }
        return value;
    }

    /** An expression without {@code if}, as a loop's is. */
    Expression or() {
        Expression left = and();
        while (tokens.word("or")) {
            left = Operators.or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.word("and")) {
            left = Operators.and(left, not());
        }
        return left;
    }

    private Expression not() {
        if (tokens.word("not")) {
            Expression negated = not();
            return scope -> !Python.truth(negated.value(scope));
        }
        return comparison();
    }

    private Expression comparison() {
        Expression left = sum();
        Expression all = null;
        while (true) {
            String operator = comparisonSign();
            if (operator == null) {
                return all == null ? left : all;
            }
            Expression right = sum();
            Expression one = Operators.comparison(operator, left, right);
            all = all == null ? one : Operators.and(all, one);
            left = right;
        }
    }

    private @Nullable String comparisonSign() {
        Token next = tokens.peek();
        if (next.kind() == Token.Kind.SYMBOL && COMPARISONS.contains(next.text())) {
            return tokens.next().text();
        }
        if (tokens.word("in")) {
            return "in";
        }
        if (next.name("not") && tokens.peekSecond().name("in")) {
            tokens.next();
            tokens.next();
            return "not in";
        }
        return null;
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.peek().symbol("+") || tokens.peek().symbol("-")) {
            left = Operators.arithmetic(tokens.next().text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (tokens.symbol("~")) {
            Expression before = left;
            Expression after = product();
            left = scope -> Python.text(before.value(scope)) + Python.text(after.value(scope));
        }
        return left;
    }

    private Expression product() {
        Expression left = unary();
        while (tokens.peek().kind() == Token.Kind.SYMBOL
                && Set.of("*", "/", "//", "%").contains(tokens.peek().text())) {
            left = Operators.arithmetic(tokens.next().text(), left, unary());
        }
        return left;
    }

    private Expression unary() {
        if (tokens.symbol("-")) {
            return filtered(Operators.arithmetic("-", scope -> 0L, postfix(primary())));
        }
        return filtered(postfix(primary()));
    }

    private Expression primary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case STRING -> strings(token.text());
            case INTEGER -> constant(Long.valueOf(token.text()));
            case FLOAT -> constant(Double.valueOf(token.text()));
            case NAME -> name(token.text());
            case SYMBOL -> bracketed(token);
            case END -> throw new TemplateFailure("line " + token.line() + ": an expression is missing");
        };
    }

    /** Adjacent string literals are one. */
    private Expression strings(String first) {
        StringBuilder all = new StringBuilder(first);
        while (tokens.peek().kind() == Token.Kind.STRING) {
            all.append(tokens.next().text());
        }
        return constant(all.toString());
    }

    private static Expression constant(@Nullable Object value) {
        return scope -> value;
    }

    private static Expression name(String name) {
        return switch (name) {
            case "true", "True" -> constant(true);
            case "false", "False" -> constant(false);
            case "none", "None" -> constant(null);
            default -> scope -> scope.get(name);
        };
    }

    private Expression bracketed(Token open) {
        switch (open.text()) {
            case "(" -> {
                Expression inside = tokens.peek().symbol(")") ? Operators.list(List.of()) : tuple();
                tokens.expect(")");
                return inside;
            }
            case "[" -> {
                List<Expression> elements = new ArrayList<>();
                while (!tokens.symbol("]")) {
                    elements.add(expression());
                    if (!tokens.peek().symbol("]")) {
                        tokens.expect(",");
                    }
                }
                return Operators.list(elements);
            }
            case "{" -> {
                Map<Expression, Expression> members = new LinkedHashMap<>();
                while (!tokens.symbol("}")) {
                    Expression key = expression();
                    tokens.expect(":");
                    members.put(key, expression());
                    if (!tokens.peek().symbol("}")) {
                        tokens.expect(",");
                    }
                }
                return Operators.mapping(members);
            }
            default -> throw new TemplateFailure("line " + open.line() + ": unexpected " + open.text());
        }
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            Expression object = value;
            if (tokens.symbol(".")) {
                String name = tokens.name();
                value = scope -> Methods.attribute(object.value(scope), name);
            } else if (tokens.symbol("[")) {
                value = subscript(object);
            } else if (tokens.symbol("(")) {
                ArgumentsExpression arguments = arguments();
                value = scope -> Operators.call(object.value(scope), arguments.values(scope));
            } else {
                return value;
            }
        }
    }

    private Expression subscript(Expression object) {
        @Nullable Expression[] bounds = new @Nullable Expression[3];
        int colons = 0;
        while (!tokens.peek().symbol("]")) {
            if (tokens.symbol(":")) {
                colons++;
                if (colons > 2) {
                    throw tokens.unexpected("]");
                }
            } else {
                bounds[colons] = expression();
            }
        }
        tokens.expect("]");
        Expression first = bounds[0];
        if (colons == 0) {
            if (first == null) {
                throw tokens.unexpected("a key");
            }
            return scope -> Methods.item(object.value(scope), first.value(scope));
        }
        Expression from = first == null ? constant(null) : first;
        Expression to = bounds[1] == null ? constant(null) : bounds[1];
        Expression step = bounds[2] == null ? constant(null) : bounds[2];
        return scope -> Methods.slice(object.value(scope), from.value(scope), to.value(scope), step.value(scope));
    }

    private Expression filtered(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.symbol("|")) {
                value = filter(value);
            } else if (tokens.word("is")) {
                value = test(value);
            } else {
                return value;
            }
        }
    }

    /** Reads a filter behind its bar. */
    Expression filter(Expression value) {
        String name = tokens.name();
        ArgumentsExpression arguments = tokens.symbol("(") ? arguments() : ArgumentsExpression.NONE;
        Filters.Filter filter = Filters.named(name, arguments);
        return scope -> filter.apply(value.value(scope), arguments.values(scope));
    }

    private Expression test(Expression value) {
        boolean negated = tokens.word("not");
        Tests.Test test = Tests.named(tokens.name());
        ArgumentsExpression arguments = testArguments();
        return scope -> test.holds(value.value(scope), arguments.values(scope)) != negated;
    }

    /** A test's one argument may stand without parentheses. */
    private ArgumentsExpression testArguments() {
        if (tokens.symbol("(")) {
            return arguments();
        }
        Token next = tokens.peek();
        boolean word = next.kind() == Token.Kind.NAME
                && !Set.of("and", "or", "not", "in", "is", "if", "else").contains(next.text());
        boolean literal = next.kind() != Token.Kind.NAME && next.kind() != Token.Kind.SYMBOL;
        boolean bare = word || next.symbol("[") || (literal && next.kind() != Token.Kind.END);
        return bare ? new ArgumentsExpression(List.of(postfix(primary())), Map.of()) : ArgumentsExpression.NONE;
    }

    /** Reads arguments behind their opening parenthesis. */
    ArgumentsExpression arguments() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!tokens.symbol(")")) {
            if (tokens.peek().kind() == Token.Kind.NAME && tokens.peekSecond().symbol("=")) {
                String name = tokens.name();
                tokens.expect("=");
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            if (!tokens.peek().symbol(")")) {
                tokens.expect(",");
            }
        }
        return new ArgumentsExpression(positional, named);
    }
}
