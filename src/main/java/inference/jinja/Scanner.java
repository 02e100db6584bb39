package inference.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template's source into text, outputs and tags, as Jinja does with {@code trim_blocks} and {@code lstrip_blocks}, which
 * chat templates are written for.
 *
 * <p>Confined to one reading.
 *
 * @see <a href="https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control">Jinja, whitespace control</a>
 */
final class Scanner {
    private static final Pattern TOKEN = Pattern.compile(
            """
            \\s*(?:(?<name>[A-Za-z_]\\w*)|(?<float>\\d+(?:\\.\\d+)?[eE][+-]?\\d+|\\d+\\.\\d+)|(?<int>\\d+)\
            |(?<string>'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*")\
            |(?<symbol>==|!=|<=|>=|//|\\*\\*|[-+*/%~<>=()\\[\\]{}.,:|]))""",
            Pattern.DOTALL | Pattern.UNICODE_CHARACTER_CLASS);

    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%}");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(u[0-9a-fA-F]{4}|.)", Pattern.DOTALL);
    private static final Set<String> OPENING = Set.of("(", "[", "{");
    private static final Set<String> CLOSING = Set.of(")", "]", "}");

    private final String source;
    private final List<Chunk> chunks = new ArrayList<>();
    private int at;
    /** Whether what was read last takes white space off the text behind it. */
    private Trim trim = Trim.NOTHING;

    private enum Trim {
        NOTHING,
        LINE_BREAK,
        ALL
    }

    private Scanner(String source) {
        this.source = source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
    }

    static List<Chunk> scan(String source) {
        Scanner scanner = new Scanner(source.replace("\r\n", "\n"));
        scanner.run();
        return scanner.chunks;
    }

    private void run() {
        while (at < source.length()) {
            int open = nextOpening();
            char kind = open < source.length() ? source.charAt(open + 1) : ' ';
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            text(open, kind == '%' || kind == '#', sign);
            at = open;
            if (kind == '#') {
                comment();
            } else if (open < source.length()) {
                at += sign == '-' || sign == '+' ? 3 : 2;
                tokens(kind == '%');
            }
        }
    }

    private int nextOpening() {
        for (int open = source.indexOf('{', at); open >= 0; open = source.indexOf('{', open + 1)) {
            if (open + 1 < source.length() && "{%#".indexOf(source.charAt(open + 1)) >= 0) {
                return open;
            }
        }
        return source.length();
    }

    private void text(int end, boolean block, char sign) {
        int from = at;
        int to = end;
        if (trim == Trim.ALL) {
            while (from < to && Character.isWhitespace(source.charAt(from))) {
                from++;
            }
        } else if (trim == Trim.LINE_BREAK && from < to && source.charAt(from) == '\n') {
            from++;
        }
        trim = Trim.NOTHING;
        if (end < source.length() && sign == '-') {
            while (to > from && Character.isWhitespace(source.charAt(to - 1))) {
                to--;
            }
        } else if (block && sign != '+') {
            to = beforeIndentation(from, to);
        }
        if (to > from) {
            chunks.add(new Chunk(Chunk.Kind.TEXT, source.substring(from, to), List.of()));
        }
    }

    /** Leaves out blanks between a line's start and the tag that is first on it. */
    private int beforeIndentation(int from, int end) {
        int to = end;
        while (to > from && source.charAt(to - 1) != '\n' && Character.isWhitespace(source.charAt(to - 1))) {
            to--;
        }
        return to == 0 || source.charAt(to - 1) == '\n' ? to : end;
    }

    private void comment() {
        int end = source.indexOf("#}", at + 2);
        if (end < 0) {
            throw failure("a comment does not end");
        }
        trim = trimAfter(source.charAt(end - 1), true);
        at = end + 2;
    }

    private static Trim trimAfter(char sign, boolean block) {
        if (sign == '-') {
            return Trim.ALL;
        }
        return block && sign != '+' ? Trim.LINE_BREAK : Trim.NOTHING;
    }

    private void tokens(boolean tag) {
        List<Token> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(source);
        int depth = 0;
        while (true) {
            if (depth == 0 && closed(tag)) {
                break;
            }
            matcher.region(at, source.length());
            if (!matcher.lookingAt()) {
                throw failure("cannot be read");
            }
            Token token = token(matcher);
            tokens.add(token);
            depth += token.kind() == Token.Kind.SYMBOL && OPENING.contains(token.text()) ? 1 : 0;
            depth -= token.kind() == Token.Kind.SYMBOL && CLOSING.contains(token.text()) ? 1 : 0;
            at = matcher.end();
        }
        tokens.add(new Token(Token.Kind.END, tag ? "%}" : "}}", line()));
        if (tag && tokens.get(0).name("raw")) {
            raw();
        } else {
            chunks.add(new Chunk(tag ? Chunk.Kind.TAG : Chunk.Kind.OUTPUT, "", tokens));
        }
    }

    /** Reads the closing brackets if they are next. */
    private boolean closed(boolean tag) {
        int next = at;
        while (next < source.length() && Character.isWhitespace(source.charAt(next))) {
            next++;
        }
        char sign = next < source.length() ? source.charAt(next) : ' ';
        int close = sign == '-' || sign == '+' ? next + 1 : next;
        if (!source.startsWith(tag ? "%}" : "}}", close)) {
            return false;
        }
        at = close + 2;
        trim = trimAfter(sign, tag);
        return true;
    }

    private void raw() {
        Matcher end = END_RAW.matcher(source);
        if (!end.find(at)) {
            throw failure("raw does not end");
        }
        text(end.start(), true, end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0));
        at = end.end();
        trim = trimAfter(end.group(2).isEmpty() ? ' ' : end.group(2).charAt(0), true);
    }

    private Token token(Matcher matcher) {
        if (matcher.group("name") != null) {
            return new Token(Token.Kind.NAME, matcher.group("name"), line());
        }
        if (matcher.group("float") != null) {
            return new Token(Token.Kind.FLOAT, matcher.group("float"), line());
        }
        if (matcher.group("int") != null) {
            return new Token(Token.Kind.INTEGER, matcher.group("int"), line());
        }
        if (matcher.group("symbol") != null) {
            return new Token(Token.Kind.SYMBOL, matcher.group("symbol"), line());
        }
        String quoted = matcher.group("string");
        return new Token(Token.Kind.STRING, unescape(quoted.substring(1, quoted.length() - 1)), line());
    }

    private static String unescape(String text) {
        return ESCAPE.matcher(text).replaceAll(escape -> {
            String code = escape.group(1);
            String plain =
                    switch (code.charAt(0)) {
                        case 'n' -> "\n";
                        case 't' -> "\t";
                        case 'r' -> "\r";
                        case '\n' -> "";
                        case '\\', '\'', '"' -> code;
                        case 'u' ->
                            code.length() == 1
                                    ? escape.group()
                                    : Character.toString(Integer.parseInt(code.substring(1), 16));
                        default -> escape.group();
                    };
            return Matcher.quoteReplacement(plain);
        });
    }

    private int line() {
        return 1 + (int) source.substring(0, at).chars().filter(c -> c == '\n').count();
    }

    private TemplateFailure failure(String what) {
        String rest = source.substring(at, Math.min(source.length(), at + 40));
        return new TemplateFailure("line " + line() + ": " + what + ": " + rest);
    }
}
