package workers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import workers.sim.Interconnect.Link;

class InterconnectTest {
    private final List<String> ended = new ArrayList<>();
    private final Interconnect interconnect = new Interconnect();

    @Test
    void aLinkIsSharedFairlyAndWhoIsAloneHasAllOfIt() {
        Link link = new Link(1000); // a byte a millisecond
        interconnect.begin(List.of(link), 100, () -> ended.add("long"), 0);
        interconnect.begin(List.of(link), 30, () -> ended.add("short"), 40);

        // 60 bytes are left of the long one. Both move half a byte a millisecond until the short one ends.
        assertEquals(100, interconnect.nextEndMillis(), 1e-9);
        interconnect.settle(100);
        assertEquals(List.of("short"), ended);
        assertEquals(130, interconnect.nextEndMillis(), 1e-9);
        interconnect.settle(1000);
        assertEquals(List.of("short", "long"), ended);
        assertEquals(Double.POSITIVE_INFINITY, interconnect.nextEndMillis());
    }

    @Test
    void aTransferOverTwoLinksGoesAtTheSlowerShare() {
        Link wide = new Link(4000);
        Link narrow = new Link(1000);
        interconnect.begin(List.of(wide, narrow), 100, () -> ended.add("both"), 0);
        interconnect.begin(List.of(wide), 100, () -> ended.add("wide"), 0);
        interconnect.settle(50);
        assertEquals(List.of("wide"), ended);
        assertEquals(100, interconnect.nextEndMillis(), 1e-9);
    }

    /** On one link, who has moved how much follows from one number: the bytes that each transfer got since it began. */
    @Property(tries = 500)
    void t1EndsAreThoseOfProcessorSharingOnOneLink(@ForAll long seed) {
        Random random = new Random(seed);
        Link link = new Link(1000 * (1 + random.nextInt(5)));
        Interconnect shared = new Interconnect();
        int count = 1 + random.nextInt(12);
        double[] begins = new double[count];
        double[] bytes = new double[count];
        double[] ends = new double[count];
        double time = 0;
        for (int i = 0; i < count; i++) {
            time += random.nextInt(40);
            begins[i] = time;
            bytes[i] = 1 + random.nextInt(200);
        }
        double[] clock = new double[1];
        int begun = 0;
        while (begun < count || shared.nextEndMillis() < Double.POSITIVE_INFINITY) {
            if (begun < count && begins[begun] <= shared.nextEndMillis()) {
                int number = begun++;
                clock[0] = begins[number];
                shared.begin(List.of(link), bytes[number], () -> ends[number] = clock[0], begins[number]);
            } else {
                clock[0] = shared.nextEndMillis();
                shared.settle(clock[0]);
            }
        }

        assertEquals(List.of(), differences(naive(begins, bytes, link.bytesPerMilli()), ends));
        double all = 0;
        for (double one : bytes) {
            all += one;
        }
        assertEquals(all, link.carriedBytes(), all * 1e-9);
    }

    /** Attained service grows by rate / transfers; a transfer ends when it has grown by its bytes since it began. */
    private static double[] naive(double[] begins, double[] bytes, double rate) {
        double[] ends = new double[begins.length];
        double[] endService = new double[begins.length];
        List<Integer> active = new ArrayList<>();
        double service = 0;
        double now = 0;
        int begun = 0;
        while (begun < begins.length || !active.isEmpty()) {
            int first = -1;
            for (int one : active) {
                first = first < 0 || endService[one] < endService[first] ? one : first;
            }
            double end =
                    first < 0 ? Double.POSITIVE_INFINITY : now + (endService[first] - service) * active.size() / rate;
            if (begun < begins.length && begins[begun] <= end) {
                service += active.isEmpty() ? 0 : (begins[begun] - now) * rate / active.size();
                now = begins[begun];
                endService[begun] = service + bytes[begun];
                active.add(begun++);
            } else {
                service = endService[first];
                now = end;
                ends[first] = end;
                active.remove((Integer) first);
            }
        }
        return ends;
    }

    private static List<String> differences(double[] expected, double[] actual) {
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < expected.length; i++) {
            if (Math.abs(expected[i] - actual[i]) > 1e-6) {
                differences.add(i + ": " + expected[i] + " != " + actual[i]);
            }
        }
        return differences;
    }

    @Property(tries = 500)
    void t2NoLinkCarriesMoreThanItsRateAndT3AskingChangesNothing(@ForAll long seed) {
        List<String> quiet = history(seed, false);
        assertEquals(quiet, history(seed, true));
    }

    /** Random transfers on random paths; the bytes that links carry between any two moments are checked. */
    private static List<String> history(long seed, boolean askOften) {
        Random random = new Random(seed);
        Random asks = new Random(seed + 1);
        List<Link> links = List.of(new Link(1000), new Link(3000), new Link(700));
        List<String> log = new ArrayList<>();
        Interconnect shared = new Interconnect();
        double[] all = new double[links.size()];
        double now = 0;
        for (int i = 0; i < 25; i++) {
            double next = now + random.nextInt(60);
            if (askOften) {
                shared.settle(now + (next - now) * asks.nextDouble());
            }
            int first = random.nextInt(links.size());
            int second = random.nextInt(links.size());
            List<Link> path =
                    first == second ? List.of(links.get(first)) : List.of(links.get(first), links.get(second));
            double bytes = 1 + random.nextInt(100);
            for (Link link : path) {
                all[links.indexOf(link)] += bytes;
            }
            String name = "t" + i;
            double[] before = carried(links);
            shared.begin(path, bytes, () -> log.add(name), next);
            check(links, before, carried(links), next - now);
            now = next;
            log.add("@" + next + " then " + shared.nextEndMillis());
        }
        while (shared.nextEndMillis() < Double.POSITIVE_INFINITY) {
            double end = shared.nextEndMillis();
            assertTrue(end >= now, "time runs forward");
            shared.settle(end);
            now = end;
            log.add("@" + end);
        }
        check(links, new double[links.size()], carried(links), now);
        double[] carried = carried(links);
        for (int i = 0; i < all.length; i++) {
            assertEquals(all[i], carried[i], 1e-6);
        }
        return log;
    }

    private static double[] carried(List<Link> links) {
        return links.stream().mapToDouble(Link::carriedBytes).toArray();
    }

    /** A link has carried no more than its rate allows in that time. */
    private static void check(List<Link> links, double[] before, double[] after, double millis) {
        for (int i = 0; i < before.length; i++) {
            assertTrue(after[i] >= before[i]);
            assertTrue(after[i] - before[i] <= links.get(i).bytesPerMilli() * millis + 1e-6);
        }
    }
}
