package agents.plan;

/** Keeps nothing of its own accord: what stays cached is the engines' business. What is asked for by name is kept all the same. */
final class KeepsNothing implements GapPolicy {
    @Override
    public Keep atGap(Gap gap) {
        return Keep.NOTHING;
    }

    @Override
    public boolean keepsNothing() {
        return true;
    }
}
