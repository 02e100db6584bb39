#!/usr/bin/env bash
# A tool-call gap against a running `./holdfast up`: the script in the prompt makes the simulated engine call a tool,
# then answer from its result. You should see finish_reason "tool_calls", the session in phase ACTING while the tool
# runs, then the final answer, and the gap's length in the second turn.
set -euo pipefail
url=${HOLDFAST_URL:-http://127.0.0.1:8642}
session=tool-example-$$
ask='[sim][{\"call\":\"list_files\",\"args\":{\"path\":\"src\"}},{\"text\":\"The tool said: {{tool}}\"}][/sim] What is in src?'
tools='[{"type":"function","function":{"name":"list_files","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}}]'

post() {
  curl -sS "$url/v1/chat/completions" -H 'content-type: application/json' -H "X-Holdfast-Session-ID: $session" \
    -d "{\"model\":\"sim-echo\",\"tools\":$tools,\"messages\":$1}"
  echo
}

echo "== the model calls a tool"
post "[{\"role\":\"user\",\"content\":\"$ask\"}]"
echo "== the session, in the gap"
curl -sS "$url/v1/sessions/$session"
echo
echo "== the result comes back"
post "[{\"role\":\"user\",\"content\":\"$ask\"},
       {\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\",
         \"function\":{\"name\":\"list_files\",\"arguments\":\"{\\\"path\\\":\\\"src\\\"}\"}}]},
       {\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"main test\"}]"
echo "== the session"
curl -sS "$url/v1/sessions/$session"
echo
