#!/usr/bin/env bash
# Codex (/v1/responses), unmodified, against a running `./holdfast up`: installs @openai/codex from npm into a
# temporary folder and runs it without a terminal. The script in the prompt makes the simulated engine call a tool, which the
# harness runs, and answer from its result. You should see "The file says: ... xyzzy", then the harness's session.
set -euo pipefail
url=${HOLDFAST_URL:-http://127.0.0.1:8642}
curl -sf "$url/health/ready" >/dev/null || { echo "no node at $url: start ./holdfast up" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
mkdir "$folder/work"
echo "the magic word is xyzzy" > "$folder/work/note.txt"
(cd "$folder" && npm install --silent --no-audit --no-fund @openai/codex >&2)

export CODEX_HOME=$folder/codex HOLDFAST_KEY=unused
mkdir "$CODEX_HOME"
cat > "$CODEX_HOME/config.toml" <<EOF
model = "sim-echo"
model_provider = "holdfast"

[model_providers.holdfast]
name = "holdfast"
base_url = "$url/v1"
env_key = "HOLDFAST_KEY"
wire_api = "responses"
EOF
run='{"call":"exec_command","args":{"cmd":"cat note.txt"}}'
cd "$folder/work"
"$folder/node_modules/.bin/codex" exec --skip-git-repo-check \
  "[sim][[{\"think\":\"I should read it\"},$run],{\"text\":\"The file says: {{tool}}\"}][/sim]" </dev/null
echo "== sessions"
curl -sS "$url/v1/sessions"
echo
