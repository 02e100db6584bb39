# What the scripts beside it share; each sources it with the npm package of its harness, and then works in $folder/work, where
# note.txt holds the magic word.
set -euo pipefail
url=${HOLDFAST_URL:-http://127.0.0.1:8642}

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

sessions() { # one a line
  curl -sSf "$url/v1/sessions?limit=1000" | grep -o '{"id":[^}]*}'
}

must_say() { # of an answer on standard input: how it begins and what comes then
  local answer
  answer=$(cat)
  echo "$answer"
  [[ $answer == *"$1"*"$2"* ]] || fail "the answer is not \"$1...$2\""
}

must_have_sessions() { # with `agent`: one of them must be below another
  local new parents
  echo "== sessions"
  new=$(sessions | grep -vFf "$folder/known") || fail "no new session in $url/v1/sessions"
  echo "$new"
  grep -qE '"turns":([2-9]|[1-9][0-9])' <<< "$new" || fail "no session has the tool call and the answer to its result"
  if [[ ${1:-} == agent ]]; then
    parents=$(sed -n 's/.*"parent":\("[^"]*"\).*/"id":\1/p' <<< "$new")
    [[ -n $parents ]] && grep -qF "$parents" <<< "$new" || fail "no agent's session is below the harness's"
  fi
}

curl -sf "$url/health/ready" >/dev/null || fail "no node at $url: start ./holdfast up"
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
mkdir "$folder/work"
echo "the magic word is xyzzy" > "$folder/work/note.txt"
{ sessions || true; } | cut -d, -f1 > "$folder/known"
(cd "$folder" && npm install --silent --no-audit --no-fund "$1" >&2)
cd "$folder/work"
