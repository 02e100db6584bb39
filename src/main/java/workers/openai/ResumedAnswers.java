package workers.openai;

/** Which answers engines go on with that another engine began. */
public enum ResumedAnswers {
    /** None. */
    OFF,
    /** Those of which nothing but text was said, as engines continue a final message. See {@link BegunText}. */
    TEXT,
    /** All, reasoning and calls that break off included, as the simulated engine does. */
    ALL
}
