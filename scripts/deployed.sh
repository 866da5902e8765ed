#!/usr/bin/env bash
# The story on a deployment: template.yaml as CloudFormation reads it, the programs as Lambda starts them, and each with no
# more rights than its role has, on an emulator of AWS (ministack of PyPI), told over HTTP by local/tests/story/deployed.rs.
# Ends with 0 when everything held, else with 1 and what the functions logged.
#
#   scripts/deployed.sh [--release]    with the programs as they ship, which takes many minutes to build
#
# template.yaml is deployed as it is. What is done beside it (scripts/deployed.py), since an emulator is not AWS:
# - CodeUri names zips in a bucket, which is what `sam package` writes.
# - The HTTP API gets its route $default: the emulator does not read the OpenAPI that SAM makes of the event.
# - Roles that may send or delete a message get sqs:SendMessageBatch and sqs:DeleteMessageBatch, which AWS does not ask for.
# - IMPRINT_FASTLY_API of the functions that have Fastly's key names the test, which takes purges as Fastly does.
# - The schedule's sweep sends again what is older than 20 seconds, not two minutes: the emulator's clock cannot be moved.
# - The functions inherit AWS_ENDPOINT_URL_* from the emulator. Deployed, they find AWS by themselves.
# - The test's client writes X-Forwarded-Proto, as the gateway of AWS does.
# - The installed emulator is mended in one line: it takes the names of uploaded files for Latin-1, S3 for UTF-8.
# What the emulator does not do, so that mistakes in it stay hidden:
# - encryption, alarms, retention of logs, lifecycle rules, TTL, point-in-time recovery, tracing: taken, and nothing follows;
# - memory, processor, /tmp and the read-only file system of a function: programs run as processes of this machine;
# - throttling, limits of size, an own domain and TLS of the HTTP API, policies of functions and trust of roles;
# - several batches at once of a FIFO queue; S3 that is busy, or late with events; DNS, and Fastly itself.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in
    '') profile=debug ;;
    --release) profile=release ;;
    *) echo "usage: scripts/deployed.sh [--release]" >&2; exit 2 ;;
esac
target=${CARGO_TARGET_DIR:-target}
home=$target/deployed
failure="deployed story failed"
source scripts/stack.sh

began=$EPOCHREALTIME
took() { # LABEL COMMAND...: runs the command and prints how long it took
    local label=$1 start=$EPOCHREALTIME
    shift
    "$@" || fail "$label"
    printf '  %6.1f s  %s\n' "$(seconds_since "$start")" "$label"
}

seconds_since() { # MOMENT
    python3 -c 'import sys; print(float(sys.argv[2]) - float(sys.argv[1]))' "$1" "$EPOCHREALTIME"
}

functions=()
for function in functions/*/; do
    functions+=("$(basename "$function")")
done

# --- what is deployed ---------------------------------------------------------------------------------------

build() {
    local function
    if [[ $profile == debug ]]; then
        # With the features that the tests have, so that what they compiled is used.
        cargo build --quiet --locked --workspace --bins
        return
    fi
    # One by one, as sam does: built together, each would have the features that any of them asks of a crate.
    for function in "${functions[@]}"; do
        cargo build --quiet --locked --release --bins -p "imprint-$function" || return
    done
}

strip_copies() { # Debug information is ten times the program.
    for function in "${functions[@]}"; do
        mkdir -p "$work/code/$function"
        strip -o "$work/code/$function/bootstrap" "$target/$profile/imprint-$function" || return
    done
}

# --- the emulator -------------------------------------------------------------------------------------------

account=123456789012
region=us-east-1
deployed() { # COMMAND...
    env AWS_ENDPOINT_URL="$aws" AWS_DEFAULT_REGION=$region AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
        "$emulator/bin/python" scripts/deployed.py "$@"
}

free_ports() { # prints two
    python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))'
}

start_emulator() {
    mkdir -p "$work/tmp"
    # Functions inherit its environment, so it has no other variable of this machine.
    env -i PATH="$PATH" HOME="$work/tmp" TMPDIR="$work/tmp" STATE_DIR="$work/tmp/state" S3_DATA_DIR="$work/tmp/s3" \
        BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" IOT_MTLS_ENABLED=0 \
        AUTH=true MINISTACK_ACCOUNT_ID=$account MINISTACK_REGION=$region \
        AWS_ENDPOINT_URL="$aws" AWS_ENDPOINT_URL_S3="$aws" AWS_ENDPOINT_URL_DYNAMODB="$aws" AWS_ENDPOINT_URL_SQS="$aws" \
        "$emulator/bin/ministack" >"$work/server.log" 2>&1 &
    server=$!
    for _ in $(seq 300); do
        curl --silent --fail --output /dev/null "$aws/_ministack/health" && return
        kill -0 "$server" 2>/dev/null || fail "the emulator ended before it was ready"
        sleep 0.1
    done
    fail "the emulator was not ready within 30 s"
}

answers() { # The first request starts the program; without a name and a password it is refused.
    local status
    for _ in $(seq 100); do
        status=$(curl --silent --output "$work/answer" --write-out '%{http_code}' --header "Host: $api_host:$port" "$aws/token")
        [[ $status == 401 ]] && return
        sleep 0.1
    done
    echo "GET /token answered $status: $(cat "$work/answer")" >&2
    return 1
}

tell() {
    IMPRINT_DEPLOYED=$deployment cargo test --quiet --workspace --test story deployed:: -- --ignored --nocapture \
        2>&1 | tee "$work/story.log" || return
    # A test that was left out says nothing of a story.
    grep -q '^the story was told to ' "$work/story.log"
}

batch_failed_in_part() { # The emulator says so of the batch with the bad message and the good one.
    grep -q 'processed 1 SQS messages from .*-register-build (1 partial failures)' "$work/server.log"
}

# --- the story ----------------------------------------------------------------------------------------------

emulator=$home/ministack
install_from_pypi "$emulator" "ministack==1.5.33" "aws-sam-translator==1.115.0" "cryptography==50.0.2" "boto3==1.43.106"
s3=$(echo "$emulator"/lib/python3*/site-packages/ministack/services/s3.py)
sed -i 's/= v\.strip()\.decode("latin-1")$/= v.strip().decode("utf-8")/' "$s3"
grep -q '= v.strip().decode("utf-8")$' "$s3" || fail "the emulator has changed: names in upload forms are read elsewhere"
took "programs built" build
took "stripped copies of them" strip_copies
read -r port fastly_port < <(free_ports)
aws=http://127.0.0.1:$port
took "emulator started" start_emulator
took "template.yaml deployed" deployed deploy "$work/code" "http://127.0.0.1:$fastly_port" "$work/deployment.json"
rm -rf "$work/code"
deployment=$(cat "$work/deployment.json")
api_host=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["api_host"])' "$deployment")
took "API answers" answers
tell || { deployed logs >&2; fail "a part of it does not hold"; }
deployed refusals || fail "a role does not suffice"
batch_failed_in_part || fail "the bad message and the good one were not in one batch"
printf 'deployed story told in %.0f s\n' "$(seconds_since "$began")"
