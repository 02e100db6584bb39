"""One session: a long prompt, a tool call, kill -9 of the server that holds it, the tool's result. See examples/llama/kill."""

import json
import os
import random
import signal
import sys
import time
import urllib.request

NODE = "http://127.0.0.1:18643"
policy = sys.argv[1]
servers = {"http://127.0.0.1:" + pair.split("=")[0]: int(pair.split("=")[1]) for pair in sys.argv[2:]}
session = "kill-%d" % random.randrange(10**9)


def ask(path, body=None, base=NODE):
    request = urllib.request.Request(
        base + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", "X-Holdfast-Session-ID": session},
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        return answer.read().decode()


def computed(server):
    """Prompt tokens that a server has computed, by its own count."""
    for line in ask("/metrics", base=server).splitlines():
        if line.startswith("llamacpp:prompt_tokens_total"):
            return int(float(line.split()[1]))
    return -1


rules = " ".join("Rule %d: think of %d first." % (i, random.randrange(10**6)) for i in range(190))
messages = [
    {"role": "system", "content": "%d You are a careful agent. %s" % (random.randrange(10**12), rules)},
    {"role": "user", "content": "List the files."},
]
parameters = {"type": "object", "properties": {"command": {"type": "string", "enum": ["ls -la"]}}, "required": ["command"]}
tools = [{"type": "function", "function": {"name": "bash", "description": "Runs it.", "parameters": parameters}}]
request = {"model": "tiny", "messages": messages, "tools": tools, "max_tokens": 400}

first = json.loads(ask("/v1/chat/completions", dict(request, tool_choice="required")))
reply = first["choices"][0]["message"]
turns = json.loads(ask("/v1/sessions/" + session))["turns"]
holder = turns[-1]["worker"]
survivor = next(server for server in servers if server != holder)
if policy == "leases":
    for _ in range(200):
        leases = [lease for lease in json.loads(ask("/v1/leases"))["data"] if lease["session"] == session]
        if leases and leases[0]["storedCopies"] > 0:
            break
        time.sleep(0.1)
    else:
        sys.exit("no receipt for a copy: %s" % leases)
os.kill(servers[holder], signal.SIGKILL)
before = computed(survivor)
result = {"role": "tool", "tool_call_id": reply["tool_calls"][0]["id"], "content": "a.txt b.txt"}
second = json.loads(ask("/v1/chat/completions", dict(request, messages=messages + [reply, result])))

usage = first["usage"]
known = usage["prompt_tokens"] + usage["completion_tokens"]
cached = second["usage"]["prompt_tokens_details"]["cached_tokens"]
print(
    "%-7s turn 1: %d prompt + %d completion tokens; kill -9; turn 2 elsewhere: %d of them cached (%.1f %%),"
    " %d computed by the survivor's own count"
    % (policy, usage["prompt_tokens"], usage["completion_tokens"], min(cached, known), 100.0 * cached / known,
       computed(survivor) - before)
)
