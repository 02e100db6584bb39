#!/usr/bin/env bash
# OpenCode (/v1/chat/completions), unmodified, against a running `./holdfast up`: installs opencode-ai from npm into a temporary
# folder and runs it without a terminal. The script in the prompt makes the simulated engine call a tool, which the
# harness runs, and answer from its result. You should see "The file says: ... xyzzy", then an agent's answer, and two
# sessions of the harness with the agent's below the second; it fails without any of them. The prompt comes on standard input:
# arguments would be quoted.
. "$(dirname -- "$0")/common.sh" opencode-ai

export HOME=$folder
cat > opencode.json <<EOF
{"provider": {"holdfast": {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "$url/v1", "apiKey": "unused"},
  "models": {"sim-echo": {}}}}, "model": "holdfast/sim-echo", "small_model": "holdfast/sim-echo"}
EOF
read_note='{"call":"read","args":{"filePath":"'$folder/work/note.txt'"}}'
ask_agent='{"call":"task","args":{"description":"greet","prompt":"say hello","subagent_type":"general"}}'
opencode=$folder/node_modules/.bin/opencode
"$opencode" run <<< "[sim][[{\"think\":\"I should read it\"},$read_note],{\"text\":\"The file says: {{tool}}\"}][/sim]" \
  | must_say "The file says: " xyzzy
"$opencode" run <<< "[sim][$ask_agent,{\"text\":\"The agent says: {{tool}}\"}][/sim]" | must_say "The agent says: " "say hello"
must_have_sessions agent
