package workers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class HashTableTest {

    @Property
    void behavesLikeAMap(@ForAll List<@IntRange(min = 0, max = 40) Integer> toggles) {
        HashTable table = new HashTable(41);
        Map<Long, Integer> oracle = new HashMap<>();
        for (int toggle : toggles) {
            // Low bits all alike: long probe chains.
            long key = (long) toggle << 40;
            if (oracle.remove(key) != null) {
                table.remove(key);
            } else {
                table.put(key, toggle);
                oracle.put(key, toggle);
            }
            for (long i = 0; i <= 40; i++) {
                assertEquals(oracle.getOrDefault(i << 40, HashTable.ABSENT), table.get(i << 40));
            }
        }
    }
}
