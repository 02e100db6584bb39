package inference.jinja;

/** What a name without a value stands for: false, empty, and an error to look into. */
record Undefined(String name) {
    static Undefined of(String name) {
        return new Undefined(name);
    }
}
