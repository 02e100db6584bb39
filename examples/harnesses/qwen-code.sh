#!/usr/bin/env bash
# Qwen Code (/v1/chat/completions), unmodified, against a running `./holdfast up`: installs @qwen-code/qwen-code from npm into a
# temporary folder and runs it without a terminal. The script in the prompt makes the simulated engine call a tool, which the
# harness runs, and answer from its result. You should see "The file says: ... xyzzy", then the harness's session.
set -euo pipefail
url=${HOLDFAST_URL:-http://127.0.0.1:8642}
curl -sf "$url/health/ready" >/dev/null || { echo "no node at $url: start ./holdfast up" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
mkdir "$folder/work"
echo "the magic word is xyzzy" > "$folder/work/note.txt"
(cd "$folder" && npm install --silent --no-audit --no-fund @qwen-code/qwen-code >&2)

export HOME=$folder OPENAI_BASE_URL=$url/v1 OPENAI_API_KEY=unused OPENAI_MODEL=sim-echo
read_note='{"call":"read_file","args":{"file_path":"'$folder/work/note.txt'"}}'
cd "$folder/work"
"$folder/node_modules/.bin/qwen" --auth-type openai \
  -p "[sim][[{\"think\":\"I should read it\"},$read_note],{\"text\":\"The file says: {{tool}}\"}][/sim]" </dev/null
echo "== sessions"
curl -sS "$url/v1/sessions"
echo
