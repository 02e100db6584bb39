package workers.openai;

import com.fasterxml.jackson.databind.JsonNode;

/** Token ids as engines write them. Stateless. */
public final class TokenIds {
    private TokenIds() {}

    /** Reads an array of numbers. */
    public static int[] read(JsonNode array) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = array.get(i).intValue();
        }
        return ids;
    }
}
