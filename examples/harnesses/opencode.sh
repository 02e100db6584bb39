#!/usr/bin/env bash
# OpenCode (/v1/chat/completions), unmodified, against a running `./holdfast up`: installs opencode-ai from npm into a temporary
# folder and runs it without a terminal. The script in the prompt makes the simulated engine call a tool, which the
# harness runs, and answer from its result. You should see "The file says: ... xyzzy", then an agent's answer, and two
# sessions of the harness with the agent's below the second. The prompt comes on standard input: arguments would be quoted.
set -euo pipefail
url=${HOLDFAST_URL:-http://127.0.0.1:8642}
curl -sf "$url/health/ready" >/dev/null || { echo "no node at $url: start ./holdfast up" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
mkdir "$folder/work"
echo "the magic word is xyzzy" > "$folder/work/note.txt"
(cd "$folder" && npm install --silent --no-audit --no-fund opencode-ai >&2)

export HOME=$folder
cat > "$folder/work/opencode.json" <<EOF
{"provider": {"holdfast": {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "$url/v1", "apiKey": "unused"},
  "models": {"sim-echo": {}}}}, "model": "holdfast/sim-echo", "small_model": "holdfast/sim-echo"}
EOF
read_note='{"call":"read","args":{"filePath":"'$folder/work/note.txt'"}}'
ask_agent='{"call":"task","args":{"description":"greet","prompt":"say hello","subagent_type":"general"}}'
opencode=$folder/node_modules/.bin/opencode
cd "$folder/work"
"$opencode" run <<< "[sim][[{\"think\":\"I should read it\"},$read_note],{\"text\":\"The file says: {{tool}}\"}][/sim]"
"$opencode" run <<< "[sim][$ask_agent,{\"text\":\"The agent says: {{tool}}\"}][/sim]"
echo "== sessions"
curl -sS "$url/v1/sessions"
echo
