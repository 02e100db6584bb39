#!/usr/bin/env bash
# Codex (/v1/responses), unmodified, against a running `./holdfast up`: installs @openai/codex from npm into a
# temporary folder and runs it without a terminal. The script in the prompt makes the simulated engine call a tool, which the
# harness runs, and answer from its result. You should see "The file says: ... xyzzy", then the harness's session; it fails
# without either.
. "$(dirname -- "$0")/common.sh" @openai/codex

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
"$folder/node_modules/.bin/codex" exec --skip-git-repo-check \
  "[sim][[{\"think\":\"I should read it\"},$run],{\"text\":\"The file says: {{tool}}\"}][/sim]" </dev/null \
  | must_say "The file says: " xyzzy
must_have_sessions
