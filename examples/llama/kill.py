"""One agent: a long prompt, a tool call, kill -9 of the server that holds it, the tool's result. See examples/llama/kill."""

import json
import os
import random
import signal
import sys
import time
import urllib.request

NODE = "http://127.0.0.1:18643"
policy, call = sys.argv[1:3]
servers = {"http://127.0.0.1:" + pair.split("=")[0]: int(pair.split("=")[1]) for pair in sys.argv[3:]}
command = "ls -la" if call == "short" else "tar cf all.tar " + " ".join("file-number-%03d" % i for i in range(50))


def ask(path, body=None, base=NODE):
    request = urllib.request.Request(
        base + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        return answer.read().decode()


def sessions():
    return {one["id"] for one in json.loads(ask("/v1/sessions"))["data"]}


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
parameters = {"type": "object", "properties": {"command": {"type": "string", "enum": [command]}}, "required": ["command"]}
tools = [{"type": "function", "function": {"name": "bash", "description": "Runs it.", "parameters": parameters}}]
request = {"model": call, "messages": messages, "tools": tools, "max_tokens": 1200}

others = sessions()
first = json.loads(ask("/v1/chat/completions", dict(request, tool_choice="required")))
reply = first["choices"][0]["message"]
(session,) = sessions() - others  # the agent names none: it is known by how its prompt begins
holder = json.loads(ask("/v1/sessions/" + session))["turns"][-1]["worker"]
survivor = next(server for server in servers if server != holder)
if policy == "leases":
    for _ in range(200):
        leases = json.loads(ask("/v1/leases?session=" + session))["data"]
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
cached = min(known, second["usage"]["prompt_tokens_details"]["cached_tokens"])
print(
    "%-8s%-7s%18s   %-38s%d of %d"
    % (policy, call, "%d + %d" % (usage["prompt_tokens"], usage["completion_tokens"]),
       "%d (%.1f %%)" % (cached, 100.0 * cached / known),
       computed(survivor) - before, second["usage"]["prompt_tokens"])
)
