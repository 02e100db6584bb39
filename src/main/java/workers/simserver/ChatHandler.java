package workers.simserver;

import com.sun.net.httpserver.HttpExchange;
import inference.InferenceEvent;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * Serves {@code POST /v1/chat/completions}, streamed or whole. A client that has gone is noticed by a write that fails, at
 * the latest by the keep-alive comments of a silent stream; its request is cancelled. While a whole answer is made nothing
 * is written, so its client may go unnoticed.
 *
 * <p>Thread-safety: safe for concurrent use; each exchange occupies its thread until it ends.
 */
final class ChatHandler {
    /** The JDK's server learns only by writing that nobody reads any more. */
    private static final long KEEP_ALIVE_MILLIS = 50;

    private final SimServerSettings settings;
    private final EngineLoop loop;
    private final ChatIntake intake;
    private final PeerBlocks peers;

    ChatHandler(SimServerSettings settings, EngineLoop loop, PeerBlocks peers) {
        this.settings = settings;
        this.loop = loop;
        this.peers = peers;
        this.intake = new ChatIntake(settings);
    }

    void handle(HttpExchange exchange) throws IOException, InterruptedException {
        ChatBody body = ChatBody.read(HttpReply.readBody(exchange));
        if (!body.model().equals(settings.model())) {
            throw RequestFailure.notFound("model", "The model `" + body.model() + "` does not exist.");
        }
        List<Action> actions = Script.reply(body.conversation());
        if (actions.get(0) instanceof Action.Fail fail) {
            Thread.sleep((long) fail.pacing().delayMillis());
            throw RequestFailure.scripted(fail);
        }
        String id = UUID.randomUUID().toString().replace("-", "");
        ChatJson json =
                new ChatJson("chatcmpl-" + id, System.currentTimeMillis() / 1000, body.model(), body.includeUsage());
        ChatIntake.Accepted accepted = intake.accept(body, actions, call -> "call_" + id + call);
        LiveRequest request = accepted.request();
        String source = body.pullFrom();
        if (source != null) {
            int[] prompt = Arrays.copyOf(request.tokens(), request.request().inputTokens());
            peers.pull(id, source, prompt, request.salt());
        }
        AnswerCursor cursor = accepted.cursor();
        loop.submit(request);
        try {
            if (body.stream()) {
                stream(exchange, request, cursor, json);
            } else {
                whole(exchange, request, cursor, json);
            }
        } finally {
            loop.cancel(request);
        }
    }

    private static void whole(HttpExchange exchange, LiveRequest request, AnswerCursor cursor, ChatJson json)
            throws IOException, InterruptedException {
        LiveRequest.Progress progress = request.await(request.begun(), KEEP_ALIVE_MILLIS);
        while (!progress.over()) {
            progress = request.await(progress.produced(), KEEP_ALIVE_MILLIS);
        }
        failIfBroken(request, progress);
        List<InferenceEvent> events = cursor.advanceTo(progress.produced());
        HttpReply.json(exchange, 200, json.completion(events, request.answer(), usage(request, progress)));
    }

    private static void stream(HttpExchange exchange, LiveRequest request, AnswerCursor cursor, ChatJson json)
            throws IOException, InterruptedException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
        exchange.getResponseHeaders().set("Cache-Control", "no-cache");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            LiveRequest.Progress progress = deltas(out, request, cursor, json);
            try {
                failIfBroken(request, progress);
            } catch (RequestFailure failure) {
                write(out, "data: " + failure.body() + "\n\n");
                return;
            }
            StringBuilder end = new StringBuilder();
            end.append("data: ").append(json.ending(request.answer())).append("\n\n");
            if (json.includeUsage()) {
                end.append("data: ")
                        .append(json.usage(usage(request, progress)))
                        .append("\n\n");
            }
            write(out, end.append("data: [DONE]\n\n").toString());
        }
    }

    private static LiveRequest.Progress deltas(
            OutputStream out, LiveRequest request, AnswerCursor cursor, ChatJson json)
            throws IOException, InterruptedException {
        int known = request.begun();
        while (true) {
            LiveRequest.Progress progress = request.await(known, KEEP_ALIVE_MILLIS);
            StringBuilder frames = new StringBuilder();
            if (known == request.begun() && progress.produced() > known) {
                frames.append("data: ").append(json.opening()).append("\n\n");
            }
            for (InferenceEvent event : cursor.advanceTo(progress.produced())) {
                frames.append("data: ").append(json.delta(event)).append("\n\n");
            }
            if (progress.produced() == known && !progress.over()) {
                frames.append(": keep-alive\n\n");
            }
            write(out, frames.toString());
            known = progress.produced();
            if (progress.over()) {
                return progress;
            }
        }
    }

    private static void failIfBroken(LiveRequest request, LiveRequest.Progress progress) {
        if (progress.produced() < request.answer().tokens().length) {
            throw RequestFailure.of(503, "the engine is shutting down");
        }
        RequestFailure failure = request.answer().failure();
        if (failure != null) {
            throw failure;
        }
    }

    private static ChatJson.Usage usage(LiveRequest request, LiveRequest.Progress progress) {
        return new ChatJson.Usage(
                request.promptTokens(),
                progress.cachedTokens(),
                progress.produced(),
                request.answer().reasoningTokens(progress.produced()));
    }

    private static void write(OutputStream out, String frames) throws IOException {
        if (!frames.isEmpty()) {
            out.write(frames.getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }
}
