/** OpenAI's responses: its JSON to and from {@code inference}, its routes, its stream and its store. Knows no other dialect. */
@NullMarked
package frontend.responses;

import org.jspecify.annotations.NullMarked;
