package replay.trace;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** One row of a JSON trace, read field by field; every refusal names the field. */
record Row(JsonNode json) {

    boolean has(String field) {
        return json.hasNonNull(field);
    }

    String text(String field) throws BadRow {
        JsonNode value = required(field);
        if (!value.isTextual()) {
            throw new BadRow(field, "is not a text: " + value);
        }
        return value.textValue();
    }

    int number(String field, int least) throws BadRow {
        JsonNode value = required(field);
        if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < least) {
            throw new BadRow(field, "is not a whole number of at least " + least + ": " + value);
        }
        return value.intValue();
    }

    double seconds(String field) throws BadRow {
        JsonNode value = required(field);
        if (!value.isNumber() || !(value.doubleValue() >= 0 && value.doubleValue() < Double.POSITIVE_INFINITY)) {
            throw new BadRow(field, "is not a number of at least 0: " + value);
        }
        return value.doubleValue();
    }

    int[] numbers(String field) throws BadRow {
        JsonNode list = required(field);
        int[] numbers = new int[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            if (!list.get(i).isInt()) {
                throw new BadRow(field, "is not a list of whole numbers: " + list);
            }
            numbers[i] = list.get(i).intValue();
        }
        if (!list.isArray() || numbers.length == 0) {
            throw new BadRow(field, "is not a list of whole numbers: " + list);
        }
        return numbers;
    }

    /** Runs written as {@code [[first, count], …]}. */
    BlockRuns runs(String field) throws BadRow {
        JsonNode list = required(field);
        if (!list.isArray()) {
            throw new BadRow(field, "is not a list of runs");
        }
        long[] firsts = new long[list.size()];
        int[] counts = new int[firsts.length];
        for (int i = 0; i < firsts.length; i++) {
            JsonNode run = list.get(i);
            boolean pair = run.size() == 2
                    && run.get(0).isIntegralNumber()
                    && run.get(1).isInt()
                    && run.get(1).intValue() > 0;
            if (!pair) {
                throw new BadRow(field, "has a run that is not [first, count]: " + run);
            }
            firsts[i] = run.get(0).longValue();
            counts[i] = run.get(1).intValue();
        }
        return new BlockRuns(firsts, counts);
    }

    /** Ids written one by one. */
    BlockRuns ids(String field) throws BadRow {
        JsonNode list = required(field);
        long[] firsts = new long[list.size()];
        int[] counts = new int[firsts.length];
        int runs = 0;
        for (JsonNode id : list) {
            if (!id.isIntegralNumber()) {
                throw new BadRow(field, "has an id that is not a whole number: " + id);
            }
            if (runs > 0 && firsts[runs - 1] + counts[runs - 1] == id.longValue()) {
                counts[runs - 1]++;
            } else {
                firsts[runs] = id.longValue();
                counts[runs++] = 1;
            }
        }
        return new BlockRuns(Arrays.copyOf(firsts, runs), Arrays.copyOf(counts, runs));
    }

    private JsonNode required(String field) throws BadRow {
        JsonNode value = json.get(field);
        if (value == null || value.isNull()) {
            throw new BadRow(field, "is missing");
        }
        return value;
    }
}
