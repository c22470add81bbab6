#!/usr/bin/env bash
# Prints each new state of a server or of a migration, and ends when nothing more happens without you.
#   follow.sh URL              the resource, with its api-version
# Exit code: 0 Ready or Succeeded, 3 it waits for you, 1 it failed, is missing, or Malachite does not answer.
#   FOLLOW_SECONDS=600         stops after this long; 0: never
set -uo pipefail
url=${1:?usage: follow.sh URL}
deadline=$((SECONDS + ${FOLLOW_SECONDS:-600}))
last=
waits=0

stop() { # EXIT-CODE [TEXT]
    [[ -z ${2:-} ]] || echo "follow.sh: $2" >&2
    exit "$1"
}

for tool in curl jq; do
    command -v "$tool" >/dev/null || stop 1 "$tool is not installed. To install it: apt-get install $tool"
done

# One line: state, substate, rows so far, what the service says about it.
describe() {
    jq -r '.properties as $p | ($p.currentStatus // {}) as $s | ($s.currentSubStateDetails // {}) as $d
        | [($s.state // $p.state // $p.userVisibleState // "?"), $d.currentSubState,
           ([$d.dbDetails[]? | select(.message) | .databaseName + ": " + .message] | join(" ")),
           ($s.error // $p.stateMessage)]
        | map(select(. != null and . != "")) | join("  ")' <<<"$answer"
}

has_reason() {
    jq -e '.properties.stateMessage' <<<"$answer" >/dev/null
}

# The cutover was requested, and begins as soon as everything has been applied.
is_cutting_over() {
    jq -e '.properties | .triggerCutover == "True" and
        .currentStatus.currentSubStateDetails.currentSubState == "WaitingForCutoverTrigger"' <<<"$answer" >/dev/null
}

while :; do
    answer=$(curl -sS -w '\n%{http_code}' "$url" 2>&1) || stop 1 "${answer//$'\n'000/}"
    status=${answer##*$'\n'}
    answer=${answer%$'\n'*}
    [[ $status == 200 ]] || stop 1 "$status: $(jq -r '.error | .code + ": " + .message' <<<"$answer" 2>/dev/null || echo "$answer")"
    line=$(describe)
    if [[ $line != "$last" ]]; then echo "$line"; fi
    last=$line
    case $(jq -r '.properties | .currentStatus.state // .state // .userVisibleState' <<<"$answer") in
    Succeeded | Ready) stop 0 ;;
    Failed | Canceled | ValidationFailed | Stopped | Disabled) stop 1 ;;
    # A single server that is being created is Inaccessible, too, without a reason.
    Inaccessible) if has_reason; then stop 1; fi ;;
    # Not at once: the executor may not have processed the latest decision yet.
    WaitingForUserAction) if [[ $((++waits)) -ge 3 ]] && ! is_cutting_over; then stop 3; fi ;;
    *) waits=0 ;;
    esac
    [[ ${FOLLOW_SECONDS:-600} -eq 0 || $SECONDS -lt $deadline ]] ||
        stop 1 "no end after ${FOLLOW_SECONDS:-600} seconds. FOLLOW_SECONDS=0 waits without a deadline."
    sleep 0.5
done
