package cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.ReasoningSeal;
import inference.CompactJson;
import inference.ContentBlock;
import inference.Message;
import inference.Role;
import inference.ToolDefinition;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.UnaryOperator;

/** How a client of one dialect writes a conversation. */
interface DialectClient {
    ObjectMapper MAPPER = new ObjectMapper();

    /** What stands before a document where a dialect has no word for one. */
    String DOCUMENT_BEGIN = "<document>\n";
    /** What stands behind it. */
    String DOCUMENT_END = "\n</document>\n";

    /** One of each dialect. */
    static List<DialectClient> all() {
        return List.of(new Chat(), new Responses(), new Messages());
    }

    String path();

    ObjectNode request();

    void tools(List<ToolDefinition> tools, ObjectNode body);

    /** Messages without what the dialect has no word for. */
    List<Message> sayable(List<Message> messages);

    /** Appends messages. */
    void write(List<Message> messages, ObjectNode body, Random spelling);

    /** Appends an answer as harnesses send it back. */
    void replay(JsonNode answer, ObjectNode body);

    final class Chat implements DialectClient {
        @Override
        public String path() {
            return "/v1/chat/completions";
        }

        @Override
        public ObjectNode request() {
            return MAPPER.createObjectNode().put("model", "m");
        }

        @Override
        public void tools(List<ToolDefinition> tools, ObjectNode body) {
            tools.forEach(tool -> body.withArray("tools")
                    .addObject()
                    .put("type", "function")
                    .putObject("function")
                    .put("name", tool.name())
                    .put("description", tool.description())
                    .set("parameters", tree(tool.parameters())));
        }

        @Override
        public List<Message> sayable(List<Message> messages) {
            return withoutErrors(messages);
        }

        @Override
        public void write(List<Message> messages, ObjectNode body, Random spelling) {
            for (Message message : messages) {
                if (message.role() == Role.TOOL) {
                    message.content().forEach(block -> result((ContentBlock.ToolResult) block, body));
                    continue;
                }
                ObjectNode json = body.withArray("messages").addObject();
                json.put("role", message.role() == Role.SYSTEM && spelling.nextBoolean() ? "developer" : name(message));
                ArrayNode parts = json.putArray("content");
                for (ContentBlock block : message.content()) {
                    if (block instanceof ContentBlock.Text text) {
                        parts.addObject().put("type", "text").put("text", text.text());
                    } else if (block instanceof ContentBlock.Image image) {
                        image(image, parts);
                    } else if (block instanceof ContentBlock.Refusal refusal && spelling.nextBoolean()) {
                        json.put("refusal", refusal.text());
                    } else if (block instanceof ContentBlock.Refusal refusal) {
                        parts.addObject().put("type", "refusal").put("refusal", refusal.text());
                    } else if (block instanceof ContentBlock.Thinking thinking) {
                        json.put("reasoning_content", thinking.text());
                    } else if (block instanceof ContentBlock.ToolUse call) {
                        json.withArray("tool_calls")
                                .addObject()
                                .put("id", call.id())
                                .put("type", "function")
                                .putObject("function")
                                .put("name", call.name())
                                .put("arguments", spaced(call.arguments(), spelling));
                    }
                }
            }
        }

        private static void result(ContentBlock.ToolResult result, ObjectNode body) {
            ObjectNode json = body.withArray("messages").addObject();
            json.put("role", "tool").put("tool_call_id", result.toolUseId());
            if (isText(result)) {
                json.put("content", text(result));
                return;
            }
            ArrayNode parts = json.putArray("content");
            for (ContentBlock block : result.content()) {
                if (block instanceof ContentBlock.Image image) {
                    image(image, parts);
                } else if (block instanceof ContentBlock.Text text) {
                    parts.addObject().put("type", "text").put("text", text.text());
                }
            }
        }

        private static void image(ContentBlock.Image image, ArrayNode parts) {
            parts.addObject().put("type", "image_url").putObject("image_url").put("url", image.reference());
        }

        @Override
        public void replay(JsonNode answer, ObjectNode body) {
            body.withArray("messages").add(answer.at("/choices/0/message"));
        }
    }

    final class Responses implements DialectClient {
        @Override
        public String path() {
            return "/v1/responses";
        }

        @Override
        public ObjectNode request() {
            return MAPPER.createObjectNode().put("model", "m").put("store", false);
        }

        @Override
        public void tools(List<ToolDefinition> tools, ObjectNode body) {
            tools.forEach(tool -> body.withArray("tools")
                    .addObject()
                    .put("type", "function")
                    .put("name", tool.name())
                    .put("description", tool.description())
                    .set("parameters", tree(tool.parameters())));
        }

        @Override
        public List<Message> sayable(List<Message> messages) {
            return withoutErrors(messages);
        }

        @Override
        public void write(List<Message> messages, ObjectNode body, Random spelling) {
            for (Message message : messages) {
                for (ContentBlock block : message.content()) {
                    write(message, block, body.withArray("input").addObject(), spelling);
                }
            }
        }

        private static void write(Message message, ContentBlock block, ObjectNode item, Random spelling) {
            if (block instanceof ContentBlock.Thinking thinking) {
                item.put("type", "reasoning")
                        .putArray("summary")
                        .addObject()
                        .put("type", "summary_text")
                        .put("text", thinking.text());
            } else if (block instanceof ContentBlock.ToolUse call) {
                item.put("type", "function_call").put("call_id", call.id()).put("name", call.name());
                item.put("arguments", spaced(call.arguments(), spelling));
            } else if (block instanceof ContentBlock.ToolResult result) {
                item.put("type", "function_call_output").put("call_id", result.toolUseId());
                if (isText(result)) {
                    item.put("output", text(result));
                } else {
                    ArrayNode parts = item.putArray("output");
                    result.content().forEach(inner -> part(inner, parts.addObject()));
                }
            } else if (block instanceof ContentBlock.Text text && spelling.nextBoolean()) {
                item.put("role", name(message)).put("content", text.text());
            } else {
                part(block, item.put("role", name(message)).putArray("content").addObject());
            }
        }

        private static void part(ContentBlock block, ObjectNode json) {
            if (block instanceof ContentBlock.Text text) {
                json.put("type", "input_text").put("text", text.text());
            } else if (block instanceof ContentBlock.Image image) {
                json.put("type", "input_image").put("image_url", image.reference());
            } else if (block instanceof ContentBlock.Refusal refusal) {
                json.put("type", "refusal").put("refusal", refusal.text());
            }
        }

        @Override
        public void replay(JsonNode answer, ObjectNode body) {
            answer.get("output").forEach(body.withArray("input")::add);
        }
    }

    final class Messages implements DialectClient {
        @Override
        public String path() {
            return "/v1/messages";
        }

        @Override
        public ObjectNode request() {
            ObjectNode body = MAPPER.createObjectNode().put("model", "m").put("max_tokens", 9);
            body.putObject("thinking").put("type", "adaptive");
            return body;
        }

        @Override
        public void tools(List<ToolDefinition> tools, ObjectNode body) {
            tools.forEach(tool -> body.withArray("tools")
                    .addObject()
                    .put("name", tool.name())
                    .put("description", tool.description())
                    .set("input_schema", tree(tool.parameters())));
        }

        @Override
        public List<Message> sayable(List<Message> messages) {
            return mapped(messages, DialectClient::withoutRefusal);
        }

        @Override
        public void write(List<Message> messages, ObjectNode body, Random spelling) {
            for (Message message : messages) {
                if (message.role() == Role.SYSTEM && !body.has("messages") && spelling.nextBoolean()) {
                    message.content()
                            .forEach(block ->
                                    write(block, body.withArray("system").addObject()));
                    continue;
                }
                ObjectNode json = body.withArray("messages").addObject();
                json.put("role", message.role() == Role.TOOL ? "user" : name(message));
                ArrayNode content = json.putArray("content");
                message.content().forEach(block -> write(block, content.addObject()));
            }
        }

        private static void write(ContentBlock block, ObjectNode json) {
            if (block instanceof ContentBlock.Text text && text.text().startsWith(DOCUMENT_BEGIN)) {
                int end = text.text().length() - DOCUMENT_END.length();
                ObjectNode source = json.put("type", "document").putObject("source");
                source.put("type", "text").put("media_type", "text/plain");
                source.put("data", text.text().substring(DOCUMENT_BEGIN.length(), end));
            } else if (block instanceof ContentBlock.Text text) {
                json.put("type", "text").put("text", text.text());
            } else if (block instanceof ContentBlock.Thinking thinking) {
                json.put("type", "thinking").put("thinking", thinking.text());
                json.put("signature", ReasoningSeal.of(thinking.text()));
            } else if (block instanceof ContentBlock.ToolUse call) {
                json.put("type", "tool_use").put("id", call.id()).put("name", call.name());
                json.set("input", tree(call.arguments()));
            } else if (block instanceof ContentBlock.ToolResult result) {
                json.put("type", "tool_result").put("tool_use_id", result.toolUseId());
                if (result.error()) {
                    json.put("is_error", true);
                }
                if (isText(result) && !text(result).startsWith(DOCUMENT_BEGIN)) {
                    json.put("content", text(result));
                } else if (!result.content().isEmpty()) {
                    ArrayNode parts = json.putArray("content");
                    result.content().forEach(inner -> write(inner, parts.addObject()));
                }
            } else if (block instanceof ContentBlock.Refusal refusal) {
                json.put("type", "text").put("text", refusal.text());
            } else if (block instanceof ContentBlock.Image image) {
                ObjectNode source = json.put("type", "image").putObject("source");
                int data = image.reference().indexOf(";base64,");
                if (data < 0) {
                    source.put("type", "url").put("url", image.reference());
                } else {
                    source.put("type", "base64").put("media_type", image.mediaType());
                    source.put("data", image.reference().substring(data + ";base64,".length()));
                }
            }
        }

        @Override
        public void replay(JsonNode answer, ObjectNode body) {
            body.withArray("messages").addObject().put("role", "assistant").set("content", answer.get("content"));
        }
    }

    private static String name(Message message) {
        return message.role().name().toLowerCase(Locale.ROOT);
    }

    private static List<Message> mapped(List<Message> messages, UnaryOperator<ContentBlock> block) {
        return messages.stream()
                .map(message -> new Message(
                        message.role(), message.content().stream().map(block).toList()))
                .toList();
    }

    /** Messages whose results are no errors. */
    static List<Message> withoutErrors(List<Message> messages) {
        return mapped(messages, DialectClient::withoutError);
    }

    private static ContentBlock withoutError(ContentBlock block) {
        return block instanceof ContentBlock.ToolResult result
                ? new ContentBlock.ToolResult(result.toolUseId(), result.content(), false)
                : block;
    }

    /** Refusals are text to clients of Anthropic, and so is what they send back. */
    private static ContentBlock withoutRefusal(ContentBlock block) {
        return block instanceof ContentBlock.Refusal refusal ? new ContentBlock.Text(refusal.text()) : block;
    }

    private static boolean isText(ContentBlock.ToolResult result) {
        return result.content().size() == 1 && result.content().get(0) instanceof ContentBlock.Text;
    }

    private static String text(ContentBlock.ToolResult result) {
        return ((ContentBlock.Text) result.content().get(0)).text();
    }

    private static String spaced(String arguments, Random spelling) {
        return spelling.nextBoolean() ? tree(arguments).toPrettyString() : arguments;
    }

    private static JsonNode tree(String json) {
        try {
            return CompactJson.READER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new AssertionError(json, e);
        }
    }
}
