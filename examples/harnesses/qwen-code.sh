#!/usr/bin/env bash
# Qwen Code (/v1/chat/completions), unmodified, against a running `./holdfast up`: installs @qwen-code/qwen-code from npm into a
# temporary folder and runs it without a terminal. The script in the prompt makes the simulated engine call a tool, which the
# harness runs, and answer from its result. You should see "The file says: ... xyzzy", then the harness's session; it fails
# without either.
. "$(dirname -- "$0")/common.sh" @qwen-code/qwen-code

export HOME=$folder OPENAI_BASE_URL=$url/v1 OPENAI_API_KEY=unused OPENAI_MODEL=sim-echo
read_note='{"call":"read_file","args":{"file_path":"'$folder/work/note.txt'"}}'
"$folder/node_modules/.bin/qwen" --auth-type openai \
  -p "[sim][[{\"think\":\"I should read it\"},$read_note],{\"text\":\"The file says: {{tool}}\"}][/sim]" </dev/null \
  | must_say "The file says: " xyzzy
must_have_sessions
