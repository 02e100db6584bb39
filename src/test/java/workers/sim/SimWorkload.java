package workers.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Random requests over few prefixes, so that they share, collide and overflow; with some cancellations. */
record SimWorkload(SimSettings settings, List<Arrival> arrivals) {
    /** A request, when it comes, and when its client gives up (infinity: never). */
    record Arrival(double timeMillis, SimRequest request, double cancelMillis) {}

    static SimWorkload random(long seed) {
        Random random = new Random(seed);
        int maxSequences = 1 + random.nextInt(6);
        SimSettings settings = new SimSettings(
                1 + random.nextInt(5),
                4 + random.nextInt(40),
                maxSequences,
                maxSequences + random.nextInt(30),
                20 + random.nextInt(200));
        List<Arrival> arrivals = new ArrayList<>();
        double time = 0;
        int count = 1 + random.nextInt(30);
        for (int i = 0; i < count; i++) {
            time += random.nextInt(3) == 0 ? 0 : random.nextInt(120);
            double cancel = random.nextInt(5) == 0 ? time + random.nextInt(200) : Double.POSITIVE_INFINITY;
            arrivals.add(new Arrival(time, request("r" + i, settings.blockSizeTokens(), random), cancel));
        }
        return new SimWorkload(settings, arrivals);
    }

    private static SimRequest request(String id, int blockSize, Random random) {
        int input = 1 + random.nextInt(60);
        int output = 1 + random.nextInt(12);
        int hashed = random.nextBoolean() ? (input + output) / blockSize : input / blockSize;
        int[] tokens = new int[hashed * blockSize];
        int forkAt = random.nextInt(70);
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = i < forkAt ? 0 : random.nextInt(2);
        }
        return new SimRequest(id, chain(tokens, blockSize), input, output, random.nextInt(4) == 0 ? 1 : 0);
    }

    /** A chain whose hashes depend on the whole prefix. */
    static long[] chain(int[] tokens, int blockSize) {
        long[] chain = new long[tokens.length / blockSize];
        long parent = 17;
        for (int i = 0; i < chain.length; i++) {
            int own = Arrays.hashCode(Arrays.copyOfRange(tokens, i * blockSize, (i + 1) * blockSize));
            parent = (parent + own) * 0x9E3779B97F4A7C15L + 1;
            parent ^= parent >>> 29;
            chain[i] = parent;
        }
        return chain;
    }
}
