/** OpenAI's chat completions: its JSON to and from {@code inference}, its routes and its stream. Knows no other dialect. */
@NullMarked
package frontend.chat;

import org.jspecify.annotations.NullMarked;
