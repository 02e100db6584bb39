/**
 * Prompts of models as their own files say: the tokenizer in {@code tokenizer.json}, the chat template in Jinja. Knows nothing of
 * sessions or engines.
 */
@NullMarked
package inference.huggingface;

import org.jspecify.annotations.NullMarked;
