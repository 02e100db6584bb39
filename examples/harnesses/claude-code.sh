#!/usr/bin/env bash
# Claude Code (/v1/messages), unmodified, against a running `./holdfast up`: installs @anthropic-ai/claude-code from npm into a
# temporary folder and runs it without a terminal. The script in the prompt makes the simulated engine call a tool, which the
# harness runs, and answer from its result. You should see "The file says: ... xyzzy", then an agent's answer, and
# two sessions of the harness with the agent's below the second; it fails without any of them.
. "$(dirname -- "$0")/common.sh" @anthropic-ai/claude-code

export HOME=$folder ANTHROPIC_BASE_URL=$url ANTHROPIC_API_KEY=unused CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
for model in MODEL SMALL_FAST_MODEL DEFAULT_HAIKU_MODEL DEFAULT_SONNET_MODEL DEFAULT_OPUS_MODEL; do
  export "ANTHROPIC_$model=sim-echo"
done
read_note='{"call":"Read","args":{"file_path":"'$folder/work/note.txt'"}}'
ask_agent='{"call":"Agent","args":{"description":"greet","prompt":"say hello","subagent_type":"general-purpose"}}'
claude=$folder/node_modules/.bin/claude
"$claude" -p "[sim][[{\"think\":\"I should read it\"},$read_note],{\"text\":\"The file says: {{tool}}\"}][/sim]" \
  --allowedTools Read </dev/null | must_say "The file says: " xyzzy
"$claude" -p "[sim][$ask_agent,{\"text\":\"The agent says: {{tool}}\"}][/sim]" --allowedTools Agent </dev/null \
  | must_say "The agent says: " "say hello"
must_have_sessions agent
