/**
 * The Jinja that chat templates of models are written in, with the meaning that Python gives it: what engines render prompts with.
 * Knows nothing of requests, tokens or models.
 */
@NullMarked
package inference.jinja;

import org.jspecify.annotations.NullMarked;
