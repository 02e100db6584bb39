package agents.plan;

import agents.session.GapHint;
import inference.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import kv.KvTier;

/**
 * Decides what is kept of a session while its tools keep it away: the port of a retention policy that the session owns.
 *
 * <p>A retention policy is a bundle under one name, see {@link GapPolicies}: a gap policy here, and for some also the
 * router's {@code PausePolicy}. In which order holds yield on a worker needs no port of its own: it is their density.
 *
 * <p>One instance serves every session of a node, or one run of a replay. Answers depend on the calls before and on nothing
 * else.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface GapPolicy {

    /**
     * A line of prompts that waits for its tools.
     *
     * @param session whose it is
     * @param line which of the session's lines of prompts
     * @param tools names of the tools called, in order; empty when nobody recorded them
     * @param contextTokens prompt of the turn that ended
     * @param turns turns that the line has had, the one that ended included
     * @param queued what the ended turn waited for its first token beyond its own prefill
     */
    record Gap(SessionId session, int line, List<String> tools, int contextTokens, long turns, Duration queued) {
        public Gap {
            tools = List.copyOf(tools);
        }

        /** The same with another length of context. */
        Gap of(int otherContextTokens) {
            return new Gap(session, line, tools, otherContextTokens, turns, queued);
        }

        /** The same with other tools. */
        Gap of(List<String> otherTools) {
            return new Gap(session, line, otherTools, contextTokens, turns, queued);
        }
    }

    /**
     * What to keep of it.
     *
     * @param remaining for how long; zero for not at all
     * @param density what is worth more per byte and second yields later, see {@link kv.Hold}
     * @param tier the hottest tier to keep it in; colder ones may take over
     * @param copies that shall exist at once, at least 1
     */
    record Keep(Duration remaining, double density, KvTier tier, int copies) {
        public static final Keep NOTHING = new Keep(Duration.ZERO, 0, KvTier.DEVICE, 1);

        private static final double WEIGHT = 1.1;
        private static final int MOST_PRIORITY = 10;

        /** Whether it comes to nothing. */
        public boolean nothing() {
            return remaining.isZero();
        }

        /**
         * The same for what is more important, or less: a tenth more worth for each unit of its priority. Ten units count at most
         * either way, so that a hint decides between what is worth about as much and never makes up for a prefix that hardly is.
         */
        Keep weighed(int priority) {
            int counted = Math.max(-MOST_PRIORITY, Math.min(MOST_PRIORITY, priority));
            return new Keep(remaining, density * StrictMath.pow(WEIGHT, counted), tier, copies);
        }
    }

    /** What to keep of a line whose turn ended in tool calls. */
    Keep atGap(Gap gap);

    /** The same, for a policy that listens to harnesses. */
    default Keep atGap(Gap gap, GapHint hint) {
        return atGap(gap);
    }

    /** What to keep of a line whose turn ended without tool calls: it waits for a person. */
    default Keep atIdle(Gap gap, GapHint hint) {
        return Keep.NOTHING;
    }

    /**
     * When what a colder tier keeps of such a line shall be on the device again, from the gap's beginning; empty for not before it is
     * back.
     */
    default Optional<Duration> hotAgain(Gap gap, GapHint hint) {
        return Optional.empty();
    }

    /**
     * When keeping such a line on the device has become dearer than loading it again from a colder tier, from the gap's beginning; empty
     * for never.
     */
    default Optional<Duration> coldAfter(Gap gap, GapHint hint) {
        return Optional.empty();
    }

    /** Whether it never keeps anything of its own accord. */
    default boolean keepsNothing() {
        return false;
    }

    /** A person is back so long after the line's turn before had ended. */
    default void onUserReturn(Gap gap, Duration lasted) {}

    /** A gap is over: the line's next turn came so long after the one before had ended. */
    default void onReturn(Gap gap, Duration lasted) {}

    /** A session is over after so many turns. */
    default void onClosed(SessionId session, long turns) {}
}
