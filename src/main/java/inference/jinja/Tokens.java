package inference.jinja;

import java.util.List;

/** The tokens of one output or tag, read from the front. Confined to one reading. */
final class Tokens {
    private final List<Token> tokens;
    private int at;

    Tokens(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token peekSecond() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = tokens.get(at);
        at = Math.min(at + 1, tokens.size() - 1);
        return token;
    }

    /** Reads a symbol if it is next. */
    boolean symbol(String symbol) {
        boolean found = peek().symbol(symbol);
        if (found) {
            next();
        }
        return found;
    }

    /** Reads a word if it is next. */
    boolean word(String word) {
        boolean found = peek().name(word);
        if (found) {
            next();
        }
        return found;
    }

    void expect(String symbol) {
        if (!symbol(symbol)) {
            throw unexpected(symbol);
        }
    }

    String name() {
        if (peek().kind() != Token.Kind.NAME) {
            throw unexpected("a name");
        }
        return next().text();
    }

    void end() {
        if (peek().kind() != Token.Kind.END) {
            throw unexpected("the end");
        }
    }

    TemplateFailure unexpected(String wanted) {
        return new TemplateFailure("line " + peek().line() + ": expected " + wanted + ", found " + peek().text());
    }
}
