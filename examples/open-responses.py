"""The published Open Responses compliance cases against a running node; see the script `open-responses` beside this file."""

import json
import sys
import urllib.error
import urllib.request

from openresponses_types import types
from pydantic import ValidationError

BASE = sys.argv[1]
MODEL = "sim-echo"
EVENTS = {}
for name, model in vars(types).items():
    if name.endswith("StreamingEvent"):
        EVENTS[list(model.model_fields["type"].annotation)[0].value] = model
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather of a place",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
# One grey pixel.
IMAGE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="


def message(role, content):
    return {"type": "message", "role": role, "content": content}


def post(body):
    request = urllib.request.Request(
        BASE + "/v1/responses",
        json.dumps({"model": MODEL, **body}).encode(),
        {"content-type": "application/json", "authorization": "Bearer unused"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refused:
        raise AssertionError(f"HTTP {refused.code}: {refused.read().decode()}") from refused


def checked(response):
    """A response object that the published schema accepts."""
    types.ResponseResource.model_validate(response)
    return response


def answer(body):
    return checked(json.loads(post(body)))


def stream(body):
    """All events of a stream, each accepted by the published schema of its type, and the response that it ends with."""
    events = [json.loads(line[5:]) for line in post({**body, "stream": True}).splitlines() if line.startswith("data:")]
    for event in events:
        assert event["type"] in EVENTS, "an event of no published type: " + event["type"]
        EVENTS[event["type"]].model_validate(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events))), "events are not numbered from 0"
    assert events[-1]["type"] in ("response.completed", "response.incomplete", "response.failed")
    return events, checked(events[-1]["response"])


def completed(response):
    assert response["output"], "no output items"
    assert response["status"] == "completed", response["status"]
    return response


def call_in(response):
    calls = [item for item in response["output"] if item["type"] == "function_call"]
    assert calls, "no function_call among the output items"
    return calls[0]


def basic_response():
    completed(answer({"input": [message("user", "Greet me in three words.")]}))


def streaming_response():
    completed(stream({"input": [message("user", "Count up to five.")]})[1])


def system_prompt():
    completed(answer({"input": [message("system", "Answer in rhymes."), message("user", "Greet me.")]}))


def tool_calling():
    call_in(answer({"input": [message("user", "What is the weather like in Lisbon?")], "tools": [WEATHER]}))


def tool_calling_streaming():
    events, response = stream({"input": [message("user", "What is the weather like in Rome?")], "tools": [WEATHER]})
    call_in(response)
    seen = {(event["type"], event.get("item", {}).get("type")) for event in events}
    for expected in (
        ("response.output_item.added", "function_call"),
        ("response.function_call_arguments.delta", None),
        ("response.function_call_arguments.done", None),
        ("response.output_item.done", "function_call"),
    ):
        assert expected in seen, f"no {expected[0]} of {expected[1] or 'the call'}"


def function_call_roundtrip():
    choice = {"type": "function", "name": "get_weather"}
    first = answer({"input": "Use the weather tool for Lisbon.", "tools": [WEATHER], "tool_choice": choice})
    output = {"type": "function_call_output", "call_id": call_in(first)["call_id"], "output": "18 degrees, sunny"}
    completed(answer({"previous_response_id": first["id"], "input": [output]}))


def image_input():
    content = [{"type": "input_text", "text": "What do you see?"}, {"type": "input_image", "image_url": IMAGE}]
    completed(answer({"input": [message("user", content)]}))


def multi_turn():
    said = [message("user", "I am Ada."), message("assistant", "Hello Ada!"), message("user", "What am I called?")]
    completed(answer({"input": said}))


def previous_response_id():
    first = answer({"input": "The word is quince."})
    completed(answer({"previous_response_id": first["id"], "input": "Which word is it?"}))


CASES = (
    basic_response,
    streaming_response,
    system_prompt,
    tool_calling,
    tool_calling_streaming,
    function_call_roundtrip,
    image_input,
    multi_turn,
    previous_response_id,
)
NOT_APPLICABLE = {
    "file-input": "files are refused with 400: no engine's chat protocol takes them",
    "file-search, offline-web-search": "optional; tools that only OpenAI's own servers run",
    "websocket-*": "six cases of a transport that is not served: responses are HTTP and server-sent events",
}

failed = 0
for case in CASES:
    try:
        case()
        print("passed ", case.__name__.replace("_", "-"))
    except (AssertionError, ValidationError) as failure:
        failed += 1
        print("FAILED ", case.__name__.replace("_", "-"), "\n", failure)
for name, reason in NOT_APPLICABLE.items():
    print(f"left out {name}: {reason}")
print(f"{len(CASES) - failed} of {len(CASES)} passed")
sys.exit(failed > 0)
