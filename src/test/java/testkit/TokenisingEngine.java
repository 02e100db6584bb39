package testkit;

import akka.actor.typed.ActorSystem;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import inference.huggingface.ModelFiles;
import inference.jinja.JinjaTemplate;
import inference.jinja.TemplateFailure;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.openai.EnginePriority;
import workers.openai.OpenAiEngineClient;
import workers.openai.OpenAiSettings;
import workers.openai.ResumedAnswers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/**
 * A server with the endpoint by which vLLM tokenises chats, over a real template and tokenizer. What it is sent is what it renders:
 * always the whole conversation.
 *
 * @see <a href="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html#tokenizer-api">vLLM, Tokenizer API</a>
 */
public final class TokenisingEngine implements Closeable {
    private static final ObjectMapper JSON = new ObjectMapper();

    static {
        // Head and body are two writes: the second would wait for the acknowledgement of the first.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final JinjaTemplate template;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /** Bodies that it was sent, in order. */
    public final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();

    /** @param template name of one of {@link ModelFiles} */
    public TokenisingEngine(String template) throws IOException {
        this.template = new JinjaTemplate(
                Files.readString(ModelFiles.FOLDER.resolve(template + ".jinja")), InstantSource.fixed(Instant.EPOCH));
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.createContext("/tokenize", this::tokenize);
        server.setExecutor(threads);
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** How a node asks it. */
    public static OpenAiEngineClient client(ActorSystem<?> system, String url) {
        EngineFacts unsaid = new EngineFacts(List.of(), 16, 100, 8192, 256, 99, EngineCapabilities.NONE);
        OpenAiSettings settings = new OpenAiSettings(
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofMinutes(1),
                Duration.ofSeconds(10),
                EnginePriority.OFF,
                ResumedAnswers.OFF,
                false,
                unsaid);
        return new OpenAiEngineClient(system.classicSystem(), new WorkerId(url), settings);
    }

    /** Bytes of all bodies since the last call. */
    public int bytesAsked() {
        int bytes = 0;
        for (String body = asked.poll(); body != null; body = asked.poll()) {
            bytes += body.length();
        }
        return bytes;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void tokenize(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        asked.add(body);
        ObjectNode answer = JSON.createObjectNode();
        int status = 200;
        try {
            int[] ids = ModelFiles.READ.encode(template.render(variables(JSON.readTree(body))));
            ArrayNode tokens = answer.put("count", ids.length)
                    .put("max_model_len", 131_072)
                    .putArray("tokens");
            for (int id : ids) {
                tokens.add(id);
            }
        } catch (TemplateFailure refused) {
            status = 400;
            answer.put("message", refused.getMessage()).put("type", "BadRequestError");
        }
        byte[] bytes = JSON.writeValueAsBytes(answer);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static Map<String, @Nullable Object> variables(JsonNode request) throws JsonProcessingException {
        Map<String, @Nullable Object> variables = new HashMap<>();
        variables.put("bos_token", "<|begin_of_text|>");
        variables.put("eos_token", "<|eot_id|>");
        List<Object> messages = new ArrayList<>();
        for (JsonNode message : request.required("messages")) {
            messages.add(message(message));
        }
        variables.put("messages", messages);
        variables.put("tools", request.has("tools") ? value(request.get("tools")) : null);
        variables.put(
                "add_generation_prompt",
                request.required("add_generation_prompt").booleanValue());
        request.path("chat_template_kwargs")
                .properties()
                .forEach(one -> variables.put(one.getKey(), value(one.getValue())));
        return variables;
    }

    /** Texts of contents are joined, and arguments of calls read, as vLLM does for templates that want texts. */
    private static Object message(JsonNode sent) throws JsonProcessingException {
        ObjectNode message = sent.deepCopy();
        if (message.path("content").isArray()) {
            List<String> texts = new ArrayList<>();
            message.get("content")
                    .forEach(part -> texts.add(part.required("text").textValue()));
            message.put("content", String.join("\n", texts));
        }
        for (JsonNode call : message.path("tool_calls")) {
            ObjectNode function = (ObjectNode) call.required("function");
            function.set(
                    "arguments", JSON.readTree(function.required("arguments").textValue()));
        }
        return Objects.requireNonNull(value(message));
    }

    private static @Nullable Object value(JsonNode node) {
        if (node.isObject()) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            node.properties().forEach(member -> map.put(member.getKey(), value(member.getValue())));
            return map;
        }
        if (node.isArray()) {
            List<@Nullable Object> list = new ArrayList<>();
            node.forEach(element -> list.add(value(element)));
            return list;
        }
        if (node.isIntegralNumber()) {
            return node.longValue();
        }
        return node.isTextual() ? node.textValue() : node.isBoolean() ? (Object) node.booleanValue() : null;
    }
}
