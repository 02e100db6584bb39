package inference.jinja;

/**
 * One token of an expression.
 *
 * @param text of a string literal its value, else as it is written
 * @param line from 1
 */
record Token(Kind kind, String text, int line) {
    enum Kind {
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        SYMBOL,
        END
    }

    boolean symbol(String symbol) {
        return kind == Kind.SYMBOL && text.equals(symbol);
    }

    boolean name(String name) {
        return kind == Kind.NAME && text.equals(name);
    }
}
