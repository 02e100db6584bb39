/**
 * Prompts of models whose template and tokenizer only their engines have: cut where one message group ends and another begins, and
 * the tokens of each group told by an engine that is asked for whole prompts. Knows nothing of sessions, or of how engines are asked.
 */
@NullMarked
package inference.pieces;

import org.jspecify.annotations.NullMarked;
