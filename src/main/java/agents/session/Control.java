package agents.session;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import inference.SessionId;
import java.util.List;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * What a harness says about a session besides its turns. Type names are fixed for ever, as those of {@link SessionEvent}.
 *
 * <p>A line of prompts is named by its frontier's id; null is the live one that was used last.
 *
 * <p>Thread-safety: immutable.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Control.Stall.class, name = "stall"),
    @JsonSubTypes.Type(value = Control.Resume.class, name = "resume"),
    @JsonSubTypes.Type(value = Control.Fork.class, name = "fork"),
    @JsonSubTypes.Type(value = Control.Compact.class, name = "compact"),
    @JsonSubTypes.Type(value = Control.Close.class, name = "close"),
    @JsonSubTypes.Type(value = Control.Keep.class, name = "keep")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface Control {

    /**
     * The line waits for a tool.
     *
     * @param tool its name, null when it is not said
     * @param expectedMillis how long it will take, null when nobody knows
     */
    record Stall(@Nullable Integer frontier, @Nullable String tool, @Nullable Long expectedMillis) implements Control {}

    /** The line's next turn is about to come. */
    record Resume(@Nullable Integer frontier) implements Control {}

    /** Another session goes on from the line's tip, beside this one. */
    record Fork(SessionId child, @Nullable Integer frontier) implements Control {}

    /** Lines are dead; when none is named, all that are live and idle but the one that was used last. */
    record Compact(List<Integer> frontiers) implements Control {
        public Compact {
            frontiers = List.copyOf(frontiers);
        }
    }

    /** The session is over. */
    record Close() implements Control {}

    /**
     * A prefix of the line is to be kept for a time that begins anew with each turn that reads it.
     *
     * @param tail sequence hash of the prefix's last block, null for the whole line
     * @param copies that shall exist at once, null for as many as usual
     */
    record Keep(@Nullable Integer frontier, @Nullable SequenceHash tail, long ttlMillis, @Nullable Integer copies)
            implements Control {}
}
