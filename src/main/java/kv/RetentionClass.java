package kv;

/** Kind of a stretch of prompt, which decides how long its blocks are worth keeping. */
public enum RetentionClass {
    /** Tool definitions and system prompt: shared by many sessions. */
    SYSTEM,
    /** Conversation so far: grows with every turn. */
    HISTORY,
    /** Model reasoning: dead once its tool loop closes, unless the chat template replays it. */
    REASONING,
    /** Context of a child session: dies with it. */
    SUBAGENT,
    /** Prefilled on a guess. */
    SPECULATIVE
}
