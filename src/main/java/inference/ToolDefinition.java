package inference;

import org.jspecify.annotations.Nullable;

/**
 * A tool that the model may call.
 *
 * <p>Thread-safety: immutable.
 *
 * @param parameters JSON schema in compact form with its key order kept; {@code {}} when the tool takes none
 * @param strict whether arguments must follow the schema, null when not said
 */
public record ToolDefinition(String name, String description, String parameters, @Nullable Boolean strict) {}
