#!/usr/bin/env bash
# Two turns of one session against a running `./holdfast up`.
# You should see two answers, `cached_tokens` 0 in the first usage and most of the prompt in the second, then the
# session with both turns, the worker each ran on and the gap between them.
set -euo pipefail
url=${HOLDFAST_URL:-http://127.0.0.1:8642}
session=example-$$
system="You are a careful assistant. $(printf 'Answer in full sentences. %.0s' {1..40})"

turn() { # messages as JSON
  curl -sS "$url/v1/chat/completions" -H 'content-type: application/json' -H "X-Holdfast-Session-ID: $session" \
    -d "{\"model\":\"sim-echo\",\"messages\":$1}"
  echo
}

echo "== first turn"
turn "[{\"role\":\"system\",\"content\":\"$system\"},{\"role\":\"user\",\"content\":\"What is a lease?\"}]"
echo "== second turn"
turn "[{\"role\":\"system\",\"content\":\"$system\"},{\"role\":\"user\",\"content\":\"What is a lease?\"},
       {\"role\":\"assistant\",\"content\":\"echo: What is a lease?\"},{\"role\":\"user\",\"content\":\"And a hold?\"}]"
echo "== the session"
curl -sS "$url/v1/sessions/$session"
echo
