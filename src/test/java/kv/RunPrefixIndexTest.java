package kv;

import static kv.KvTier.DEVICE;
import static kv.KvTier.DISK;
import static kv.KvTier.HOST;
import static kv.KvTier.REMOTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import kv.KvEvent.AllBlocksCleared;
import kv.KvEvent.BlocksRemoved;
import kv.KvEvent.BlocksStored;
import kv.PrefixIndex.Applied;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RunPrefixIndexTest {
    private static final CacheOwner A = owner("a", 1);
    private static final CacheOwner B = owner("b", 1);

    private final RunPrefixIndex index = new RunPrefixIndex();

    @AfterEach
    void invariantsHold() {
        Invariants.check(index);
    }

    @Test
    void anEmptyIndexMatchesNothing() {
        assertEquals(0, index.match(prompt(chain(1, 10)), 0).deepest());
        assertEquals(List.of(), owners(index.match(PromptBlocks.empty(16), 0)));
    }

    @Test
    void aHoleStopsItsOwnerAndNobodyElse() {
        long[] chain = chain(1, 100);
        store(A, chain);
        store(B, chain);

        assertEquals(Applied.CHANGED, remove(A, DEVICE, chain[40]));

        Overlap overlap = index.match(prompt(chain), 0);
        assertEquals(40, overlap.blocks(A, DEVICE));
        assertEquals(100, overlap.blocks(B, DEVICE));
        assertEquals(100, index.distinctBlocks());
    }

    @Test
    void aRefilledHoleGivesTheWholePrefixBack() {
        long[] chain = chain(1, 100);
        store(A, chain);
        remove(A, DEVICE, chain[40]);

        assertEquals(
                Applied.CHANGED,
                index.apply(A, BlocksStored.after(new SequenceHash(chain[39]), new long[] {chain[40]}, DEVICE)));

        assertEquals(100, index.match(prompt(chain), 0).blocks(A, DEVICE));
    }

    @Test
    void theFirstBlockEvictedLeavesNothingToMatch() {
        long[] chain = chain(1, 10);
        store(A, chain);

        remove(A, DEVICE, chain[0]);

        assertEquals(List.of(), owners(index.match(prompt(chain), 0)));
        assertEquals(9, index.distinctBlocks());
    }

    @Test
    void colderTiersCountOnTopOfHotterOnes() {
        long[] chain = chain(1, 30);
        store(A, LongStream.of(chain).limit(10).toArray());
        index.apply(A, BlocksStored.after(new SequenceHash(chain[9]), slice(chain, 10, 20), HOST));
        index.apply(A, BlocksStored.after(new SequenceHash(chain[19]), slice(chain, 20, 30), REMOTE));

        Overlap overlap = index.match(prompt(chain), 0);
        assertEquals(10, overlap.blocks(A, DEVICE));
        assertEquals(20, overlap.blocks(A, HOST));
        assertEquals(20, overlap.blocks(A, DISK));
        assertEquals(30, overlap.blocks(A, REMOTE));
        assertEquals(30, overlap.deepest());
    }

    @Test
    void aBlockInTwoTiersSurvivesItsRemovalFromOne() {
        long[] chain = chain(1, 5);
        store(A, chain);
        index.apply(A, BlocksStored.atRoot(chain, HOST));

        remove(A, DEVICE, chain);

        assertEquals(0, index.match(prompt(chain), 0).blocks(A, DEVICE));
        assertEquals(5, index.match(prompt(chain), 0).blocks(A, HOST));
        assertEquals(List.of(A), owners(index.match(prompt(chain), 0)));
    }

    @Test
    void aStoreBehindAnUnknownBlockIsRejected() {
        long[] chain = chain(1, 10);

        assertEquals(
                Applied.UNKNOWN_PARENT,
                index.apply(A, BlocksStored.after(new SequenceHash(chain[4]), slice(chain, 5, 10), DEVICE)));

        assertEquals(0, index.distinctBlocks());
    }

    @Test
    void aStoreOfAKnownBlockNeedsNoKnownParent() {
        long[] chain = chain(1, 10);
        store(A, chain);

        assertEquals(
                Applied.CHANGED, index.apply(B, BlocksStored.after(new SequenceHash(-1), slice(chain, 5, 10), DEVICE)));
    }

    @Test
    void repeatedAndUnknownEventsChangeNothing() {
        long[] chain = chain(1, 10);
        store(A, chain);

        assertEquals(Applied.UNCHANGED, index.apply(A, BlocksStored.atRoot(chain, DEVICE)));
        assertEquals(Applied.UNCHANGED, index.apply(A, BlocksStored.atRoot(new long[0], DEVICE)));
        assertEquals(Applied.UNCHANGED, remove(A, HOST, chain));
        assertEquals(Applied.UNCHANGED, remove(A, DEVICE, 12345));
        assertEquals(Applied.UNCHANGED, remove(B, DEVICE, chain));
        assertEquals(Applied.UNCHANGED, index.apply(B, new AllBlocksCleared()));
    }

    @Test
    void clearingForgetsOneOwnerOnly() {
        long[] chain = chain(1, 10);
        store(A, chain);
        store(B, slice(chain, 0, 6));

        assertEquals(Applied.CHANGED, index.apply(A, new AllBlocksCleared()));

        assertEquals(0, index.match(prompt(chain), 0).blocks(A, DEVICE));
        assertEquals(6, index.match(prompt(chain), 0).deepest());
        assertEquals(6, index.distinctBlocks());
    }

    @Test
    void aRestartedWorkerStartsEmptyInItsPredecessorsPlace() {
        long[] chain = chain(1, 10);
        CacheOwner reborn = owner("a", 2);
        store(A, chain);

        index.remove(A);
        store(reborn, slice(chain, 0, 3));

        Overlap overlap = index.match(prompt(chain), 0);
        assertEquals(0, overlap.blocks(A, DEVICE));
        assertEquals(3, overlap.blocks(reborn, DEVICE));
        assertEquals(reborn, Objects.requireNonNull(index.owners().at(0)).owner);
    }

    @Test
    void anOwnerIsNotTakenForTheOneBeforeItWhenItComesDuringALookup() {
        long[] chain = chain(1, 10);
        store(A, chain);
        OwnerDirectory before = index.owners();

        index.remove(A);
        store(B, chain);

        Overlap overlap = index.match(before, prompt(chain), 0);
        assertEquals(0, overlap.blocks(A, DEVICE));
        assertEquals(List.of(), owners(overlap));
        assertEquals(0, overlap.deepest());
    }

    @Test
    void anOwnerOfManyPassingPromptsKeepsAShortListAndIsForgottenWhole() {
        long[] kept = chain(1, 5);
        store(A, kept);
        for (int i = 0; i < 1_000; i++) {
            long[] passing = chain(2 + i, 3);
            store(A, passing);
            remove(A, DEVICE, passing);
        }
        OwnerSlot slot = Objects.requireNonNull(index.owners().slotOf(A));
        assertTrue(slot.listedRuns() < 50, () -> "lists " + slot.listedRuns());

        index.remove(A);

        Invariants.checkEmpty(index);
    }

    @Test
    void anAnswerStaysWhatItWasWhenTheIndexGoesOn() {
        long[] chain = chain(1, 10);
        store(A, chain);
        Overlap before = index.match(prompt(chain), 0);

        index.remove(A);
        store(B, chain);

        assertEquals(10, before.blocks(A, DEVICE));
        assertEquals(List.of(A), owners(before));
    }

    @Test
    void aLongPromptCrossesManyRuns() {
        long[] chain = chain(1, 10_000);
        long[] fork = chain.clone();
        System.arraycopy(chain(2, 3_000), 0, fork, 7_000, 3_000);
        store(A, chain);
        store(B, fork);

        assertEquals(10_000, index.match(prompt(chain), 0).blocks(A, DEVICE));
        assertEquals(7_000, index.match(prompt(chain), 0).blocks(B, DEVICE));
        assertEquals(10_000, index.match(prompt(fork), 7_000).blocks(B, DEVICE));
        assertEquals(13_000, index.distinctBlocks());
    }

    @Test
    void noHintChangesAnAnswer() {
        long[] chain = chain(1, 500);
        store(A, chain);
        for (int fork = 1; fork < 500; fork += 7) {
            long[] query = chain.clone();
            System.arraycopy(chain(fork + 1, 500 - fork), 0, query, fork, 500 - fork);
            for (int hint = -1; hint < 510; hint++) {
                assertEquals(fork, index.match(prompt(query), hint).blocks(A, DEVICE));
            }
        }
    }

    @Test
    void aChainThatRepeatsABlockLeavesTheIndexSound() {
        long[] broken = {1, 2, 3, 2, 4, 1, 5};

        store(A, broken);

        assertEquals(3, index.match(prompt(1, 2, 3), 0).blocks(A, DEVICE));
        index.remove(A);
        Invariants.checkEmpty(index);
    }

    @Test
    void aDeepChainOfForksGoesAwayAtOnce() {
        RunPrefixIndex narrow = new RunPrefixIndex(1);
        long[] chain = chain(1, 20_000);
        narrow.apply(A, BlocksStored.atRoot(chain, DEVICE));
        narrow.apply(A, new BlocksRemoved(slice(chain, 0, 19_999), DEVICE));
        assertEquals(1, narrow.distinctBlocks());

        narrow.apply(A, new BlocksRemoved(slice(chain, 19_999, 20_000), DEVICE));

        Invariants.checkEmpty(narrow);
    }

    private void store(CacheOwner owner, long[] chain) {
        index.apply(owner, BlocksStored.atRoot(chain, DEVICE));
    }

    private Applied remove(CacheOwner owner, KvTier tier, long... hashes) {
        return index.apply(owner, new BlocksRemoved(hashes, tier));
    }

    private static CacheOwner owner(String name, long life) {
        return new CacheOwner(new WorkerId("http://" + name), new Incarnation(0, life), 0);
    }

    private static PromptBlocks prompt(long... hashes) {
        return PromptBlocks.of(16, hashes);
    }

    /** A chain of its own for every number. */
    private static long[] chain(int number, int blocks) {
        long[] chain = new long[blocks];
        long hash = ChainTree.child(0, 1_000 + number);
        for (int i = 0; i < blocks; i++) {
            hash = ChainTree.child(hash, 0);
            chain[i] = hash;
        }
        return chain;
    }

    private static long[] slice(long[] chain, int from, int to) {
        return Arrays.copyOfRange(chain, from, to);
    }

    private static List<CacheOwner> owners(Overlap overlap) {
        List<CacheOwner> owners = new ArrayList<>();
        overlap.owners().forEach(owners::add);
        return owners;
    }
}
