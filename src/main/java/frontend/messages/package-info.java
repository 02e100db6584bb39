/** Anthropic's messages: its JSON to and from {@code inference}, its routes and its stream. Knows no other dialect. */
@NullMarked
package frontend.messages;

import org.jspecify.annotations.NullMarked;
