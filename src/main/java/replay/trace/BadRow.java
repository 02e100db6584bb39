package replay.trace;

/** A row that does not say what its format requires. */
final class BadRow extends Exception {
    BadRow(String field, String problem) {
        super("field '" + field + "' " + problem);
    }
}
