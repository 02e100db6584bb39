// The official Node clients against a running node; see the script `node-clients` beside this file.

import Anthropic from "@anthropic-ai/sdk";
import assert from "node:assert/strict";
import OpenAI from "openai";

const url = process.argv[2];
const model = "sim-echo";
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "unused", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: url, apiKey: "unused", maxRetries: 0 });

const script = (actions) => `[sim]${JSON.stringify(actions)}[/sim]`;
const THOUGHT = "I should look";
const SAY = script([[{ think: THOUGHT }, { text: "It is here" }]]);
const LOOP = script([
  [{ think: THOUGHT }, { call: "ls", args: { path: "src" } }, { call: "ls", args: { path: "doc" } }],
  { text: "It holds {{tool}}" },
]);
const BROKEN = script([[{ text: "half of it" }, { error: { kind: "internal", message: "scripted" } }]]);
const SLOW = script([{ text: "slow ".repeat(400), pace_ms: 20 }]);
const fault = (kind) => script([{ error: { kind, message: "scripted" } }]);
const schema = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };

// Each dialect: `params` asks about a conversation; `ask` gets the answer, streamed or whole, the whole one with a way to leave;
// `events` is the bare stream; `read` tells what an answer says; `next` is the conversation with it and its tools' results.

const chat = {
  name: "chat completions",
  overloaded: 503,
  start: (text) => [{ role: "user", content: text }],
  params: (messages, { tools, reasoning }) => ({
    model,
    messages,
    reasoning_effort: reasoning ? "low" : "none",
    ...(tools && { tools: [{ type: "function", function: { name: "ls", parameters: schema } }] }),
  }),
  async ask(params, stream, options) {
    if (!stream) {
      return openai.chat.completions.create(params, options);
    }
    const running = openai.chat.completions.stream({ ...params, stream_options: { include_usage: true } });
    // This client keeps only the last piece of a field that it does not know.
    let thought = "";
    running.on("chunk", ({ choices }) => (thought += choices[0]?.delta.reasoning_content ?? ""));
    const answer = await running.finalChatCompletion();
    answer.choices[0].message.reasoning_content = thought;
    return answer;
  },
  events: (params) => openai.chat.completions.create({ ...params, stream: true }),
  read: ({ choices: [{ message, finish_reason }], usage }) => ({
    text: message.content ?? "",
    thought: message.reasoning_content ?? "",
    calls: (message.tool_calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
    end: finish_reason,
    cached: usage.prompt_tokens_details.cached_tokens,
  }),
  next: (messages, { choices: [{ message }] }, result) => [
    ...messages,
    message,
    ...message.tool_calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: result })),
  ],
  ends: { text: "stop", calls: "tool_calls" },
};

const responses = {
  name: "responses",
  overloaded: 503,
  start: (text) => ({ input: text }),
  params: (conversation, { tools, reasoning }) => ({
    model,
    ...conversation,
    reasoning: { effort: reasoning ? "low" : "none" },
    ...(tools && { tools: [{ type: "function", name: "ls", strict: false, parameters: schema }] }),
  }),
  ask: (params, stream, options) =>
    stream ? openai.responses.stream(params).finalResponse() : openai.responses.create(params, options),
  events: (params) => openai.responses.create({ ...params, stream: true }),
  read: (response) => ({
    text: response.output_text,
    thought: response.output
      .filter((item) => item.type === "reasoning")
      .flatMap((item) => item.content ?? item.summary)
      .map((part) => part.text)
      .join(""),
    calls: response.output
      .filter((item) => item.type === "function_call")
      .map((call) => [call.name, JSON.parse(call.arguments)]),
    end: response.status,
    cached: response.usage.input_tokens_details.cached_tokens,
  }),
  next: (_, response, result) => ({
    previous_response_id: response.id,
    input: response.output
      .filter((item) => item.type === "function_call")
      .map((call) => ({ type: "function_call_output", call_id: call.call_id, output: result })),
  }),
  ends: { text: "completed", calls: "completed" },
};

const messages = {
  name: "messages",
  overloaded: 529,
  start: (text) => [{ role: "user", content: text }],
  params: (conversation, { tools, reasoning }) => ({
    model,
    messages: conversation,
    max_tokens: 4000,
    ...(reasoning && { thinking: { type: "enabled", budget_tokens: 1024 } }),
    ...(tools && { tools: [{ name: "ls", input_schema: schema }] }),
  }),
  ask: (params, stream, options) =>
    stream ? anthropic.messages.stream(params).finalMessage() : anthropic.messages.create(params, options),
  events: (params) => anthropic.messages.create({ ...params, stream: true }),
  read: ({ content, stop_reason, usage }) => ({
    text: content.map((block) => block.text ?? "").join(""),
    thought: content.map((block) => block.thinking ?? "").join(""),
    calls: content.filter((block) => block.type === "tool_use").map((call) => [call.name, call.input]),
    end: stop_reason,
    cached: usage.cache_read_input_tokens,
  }),
  next: (conversation, { content }, result) => [
    ...conversation,
    { role: "assistant", content },
    {
      role: "user",
      content: content
        .filter((block) => block.type === "tool_use")
        .map((call) => ({ type: "tool_result", tool_use_id: call.id, content: result })),
    },
  ],
  ends: { text: "end_turn", calls: "tool_use" },
};

async function text(dialect, stream, reasoning) {
  const answer = await dialect.ask(dialect.params(dialect.start(SAY), { reasoning }), stream);
  const { text, thought, calls, end } = dialect.read(answer);
  assert.deepEqual({ text, thought, calls, end }, {
    text: "It is here",
    thought: reasoning ? THOUGHT : "",
    calls: [],
    end: dialect.ends.text,
  });
}

async function toolLoop(dialect, stream, reasoning) {
  const options = { tools: true, reasoning };
  const conversation = dialect.start(LOOP);
  const called = await dialect.ask(dialect.params(conversation, options), stream);
  const { thought, calls, end } = dialect.read(called);
  assert.deepEqual({ thought, calls, end }, {
    thought: reasoning ? THOUGHT : "",
    calls: [["ls", { path: "src" }], ["ls", { path: "doc" }]],
    end: dialect.ends.calls,
  });
  const last = await dialect.ask(dialect.params(dialect.next(conversation, called, "main test"), options), stream);
  const said = dialect.read(last);
  assert.equal(said.text, "It holds main test");
  assert.ok(said.cached > 0, "the second turn found nothing of the first in a cache");
}

async function failure(asked) {
  try {
    await asked;
  } catch (error) {
    return error;
  }
  return assert.fail("an answer instead of an error");
}

async function errors(dialect, stream) {
  const expected = { invalid: 400, rate_limit: 429, overloaded: dialect.overloaded, internal: 500 };
  for (const [kind, status] of Object.entries(expected)) {
    const error = await failure(dialect.ask(dialect.params(dialect.start(fault(kind)), {}), stream));
    assert.equal(error.status, status, `${kind}: ${error}`);
    assert.ok(error.requestID, `${kind}: no request id`);
  }
  const unknown = { ...dialect.params(dialect.start("hi"), {}), model: "no-such-model" };
  assert.equal((await failure(dialect.ask(unknown, stream))).status, 404);
}

// An engine that breaks off amid its answer: an error, never a short answer that looks whole.
async function brokenOff(dialect, stream) {
  const asked = dialect.ask(dialect.params(dialect.start(BROKEN), {}), stream);
  if (stream && dialect === responses) {
    assert.equal((await asked).status, "failed"); // which this client hands out as an answer
  } else {
    const error = await failure(asked);
    assert.match(error.message, /scripted|broke|ended/, error.stack);
  }
}

async function working() {
  const answer = await fetch(`${url}/v1/workers`);
  const { data } = await answer.json();
  return data.reduce((sum, { load }) => sum + load.runningRequests + load.admittedTurns, 0);
}

async function until(condition, what) {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `after 10 s not yet: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function leaving(dialect, stream) {
  const params = dialect.params(dialect.start(SLOW), {});
  const abort = new AbortController();
  const begun = () => until(async () => (await working()) > 0, "an engine works on it");
  if (stream) {
    for await (const _ of await dialect.events(params)) {
      await begun();
      break; // which closes the stream
    }
  } else {
    const asked = failure(dialect.ask(params, false, { signal: abort.signal }));
    await begun();
    abort.abort();
    await asked;
  }
  await until(async () => (await working()) === 0, "no engine works on it any more");
}

const CASES = {
  "text": (dialect, stream) => text(dialect, stream, false),
  "text, reasoning": (dialect, stream) => text(dialect, stream, true),
  "tools": (dialect, stream) => toolLoop(dialect, stream, false),
  "tools, reasoning": (dialect, stream) => toolLoop(dialect, stream, true),
  "errors": errors,
  "breaks off": brokenOff,
  "cancellation": leaving,
};

let passed = 0;
let run = 0;
for (const dialect of [chat, responses, messages]) {
  for (const stream of [false, true]) {
    for (const [name, check] of Object.entries(CASES)) {
      const title = `${dialect.name}, ${stream ? "streamed" : "whole"}: ${name}`;
      run++;
      try {
        await check(dialect, stream);
        passed++;
        console.log(`passed  ${title}`);
      } catch (error) {
        console.log(`FAILED  ${title}\n${error.stack}`);
      }
    }
  }
}
console.log(`${passed} of ${run} passed`);
process.exit(passed < run ? 1 : 0);
