#!/usr/bin/env bash
# The story with the real client: `ltd` of PyPI, unmodified, publishes two sites to a local stack, twice each.
# Ends with 0 when every page is served as uploaded and every deleted page is gone, else with 1 and a sentence.
#
#   scripts/story-real-client.sh [--released-only]    without the pre-release 0.9 of the client
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
released_only=${1:-}
home=${CARGO_TARGET_DIR:-target}/story
story=$PWD/scripts/story.py
failure="story failed"
source scripts/stack.sh

took() { # LABEL COMMAND...: runs the command and prints how long it took
    local label=$1 start=$EPOCHREALTIME
    shift
    "$@" || fail "$label"
    python3 -c 'import sys; print(f"  {float(sys.argv[2]) - float(sys.argv[1]):6.1f} s  {sys.argv[3]}")' \
        "$start" "$EPOCHREALTIME" "$label"
}

# --- the client ---------------------------------------------------------------------------------------------

client() { # VERSION: prints the path of that version's `ltd`, installing it when it is not there yet
    install_from_pypi "$home/ltd-$1" "ltd-conveyor==$1"
    echo "$home/ltd-$1/bin/ltd"
}

# --- the stack ----------------------------------------------------------------------------------------------

request() { # METHOD PATH BODY STATUS: asks the API as the first user; the answer is in $work/answer
    local token status
    token=$(log_in) || exit 1
    status=$(curl --silent --show-error --output "$work/answer" --write-out '%{http_code}' --user "$token:" \
        --header 'Content-Type: application/json' --request "$1" "$api$2" --data "$3")
    [[ $status == "$4" ]] || fail "$1 $2 answered $status: $(cat "$work/answer")"
}

create_product() { # SLUG TITLE
    request POST /products/ "{\"slug\": \"$1\", \"title\": \"$2\", \"doc_repo\": \"https://github.com/example/$1\"}" 201
}

create_organization() { # SLUG HOST PREFIX PROJECT: one below a path, with a project, and a user who is in nothing else
    request POST /v2/orgs "{\"slug\": \"$1\", \"title\": \"$1\", \"layout\": \"path\", \"domain\": \"$2\", \"path_prefix\": \"$3\"}" 201
    request POST "/v2/orgs/$1/projects" \
        "{\"slug\": \"$4\", \"title\": \"$4\", \"source_repo_url\": \"https://github.com/example/$4\"}" 201
    request POST /users/ "{\"username\": \"ci-$1\", \"password\": \"$member_password\", \"permissions\": []}" 201
    request PUT "/v2/orgs/$1/members/ci-$1" '{"role": "uploader"}' 200
}

upload_to() { # LTD ORG PROJECT DIR: as the organization's own user, through the second API
    "$1" --host "$api" -u "ci-$2" -p "$member_password" upload --org "$2" --project "$3" --dir "$4" --git-ref main \
        >"$work/client.log" 2>&1 || { tail -n 20 "$work/client.log" >&2; return 1; }
}

state_of() { # PRODUCT: all that the first API says of it
    curl --silent --show-error --fail "$api/products/$1" "$api/products/$1/editions/?expand=1&ended=true" \
        "$api/products/$1/builds/?expand=1&ended=true"
}

upload() { # LTD PRODUCT DIR
    "$1" --host "$api" -u "$user" -p "$password" upload --product "$2" --dir "$3" --git-ref main \
        >"$work/client.log" 2>&1 || { tail -n 20 "$work/client.log" >&2; return 1; }
}

quiesce() { # The control port answers once nothing is queued or running.
    local status
    for _ in 1 2 3; do
        status=$(curl --silent --output "$work/answer" --write-out '%{http_code}' --max-time 180 \
            --request POST "$control/quiesce") || status=none
        [[ $status == 2* ]] && return
    done
    echo "POST /quiesce answered $status: $(cat "$work/answer" 2>/dev/null)" >&2
    return 1
}

publish() { # LTD PRODUCT DIR WHAT
    took "ltd upload of $4" upload "$1" "$2" "$3"
    took "every task of it done" quiesce
}

redirects() { # PRODUCT PATH: a directory without its slash leads to the directory's page
    curl --silent --show-error --fail --location "$docs/$1/$2" | cmp --quiet - "local/demo-site/v1/$2/index.html"
}

# --- the story ----------------------------------------------------------------------------------------------

ltd=$(client 0.8.4)
took "stack built and ready" start_server
api=$(ready api) docs=$(ready docs) control=$(ready control) user=$(ready user) password=$(ready password)
echo "  api $api, docs $docs, control $control"

echo "The demo site, with ltd-conveyor 0.8.4"
demo=local/demo-site
create_product tidepool "Tidepool handbook"
publish "$ltd" tidepool "$demo/v1" "the demo site"
took "all pages" python3 "$story" same "$docs/tidepool" "$demo/v1"
took "a directory without its slash" redirects tidepool guides
python3 "$story" overlay "$demo/v1" "$demo/v2" "$demo/v2.removed.txt" "$work/demo-2"
publish "$ltd" tidepool "$work/demo-2" "its second build"
took "all pages" python3 "$story" same "$docs/tidepool" "$work/demo-2"
took "removed pages" python3 "$story" gone "$docs/tidepool" "$demo/v2.removed.txt"
for file in tidepool.pdf tidepool.epub; do
    curl --silent --show-error --fail "$docs/tidepool/_downloads/main/$file" | cmp --quiet - "$work/demo-2/_artifacts/$file" \
        || fail "_downloads/main/$file is not what the second build brought"
done
for path in _downloads/main/tidepool.zip _downloads/main/search.json _search/ llms.txt index.md; do
    curl --silent --show-error --fail --output /dev/null "$docs/tidepool/$path" || fail "there is no $path"
done
took "the first build, still as it was" python3 "$story" same "$docs/tidepool/builds/1" "$demo/v1"

echo "A large site, with ltd-conveyor 0.8.4"
create_product large "A large site"
# Its pages are what this is about; an index of a thousand of them takes a debug build its time.
request PATCH /products/large '{"derive": []}' 200
python3 "$story" site "$work/large"
publish "$ltd" large "$work/large" "300 directories and 3,000 files"
took "a sample of pages" python3 "$story" same "$docs/large" "$work/large" 100
python3 "$story" thin "$work/large" "$work/large.removed.txt"
publish "$ltd" large "$work/large" "the site with fewer files"
took "a sample of pages" python3 "$story" same "$docs/large" "$work/large" 100
took "deleted pages" python3 "$story" gone "$docs/large" "$work/large.removed.txt"

if [[ $released_only != --released-only ]]; then
    echo "The demo site, with the pre-release ltd-conveyor 0.9.0a3"
    next=$(client 0.9.0a3)
    create_product tidepool-next "Tidepool handbook"
    request PATCH /products/tidepool-next '{"derive": []}' 200
    publish "$next" tidepool-next "$demo/v1" "the demo site"
    # What is found in a tree is published under the product's name.
    cp -r "$demo/v1" "$work/next"
    for kind in pdf epub; do
        mv "$work/next/_artifacts/tidepool.$kind" "$work/next/_artifacts/tidepool-next.$kind"
    done
    took "all pages" python3 "$story" same "$docs/tidepool-next" "$work/next"

    echo "A product of the same name in a second organization, with ltd-conveyor 0.9.0a3 --org"
    member_password=$(python3 -c 'import secrets; print(secrets.token_urlsafe())')
    host=docs.lagoon.example
    state_of tidepool >"$work/before.json"
    create_organization lagoon "$host" /handbooks tidepool
    request PATCH /v2/orgs/lagoon '{"derive": []}' 200
    took "ltd upload of the demo site" upload_to "$next" lagoon tidepool "$demo/v1"
    took "every task of it done" quiesce
    request GET /v2/orgs/lagoon/projects/tidepool '' 200
    grep -q "://$host/handbooks/tidepool\"" "$work/answer" || fail "published elsewhere: $(cat "$work/answer")"
    took "all pages at its own URL" python3 "$story" same "$docs/handbooks/tidepool as $host" "$demo/v1"
    took "its first build" python3 "$story" same "$docs/handbooks/tidepool/builds/1 as $host" "$demo/v1"
    took "the other product, still as it was" python3 "$story" same "$docs/tidepool" "$work/demo-2"
    state_of tidepool | cmp --quiet - "$work/before.json" || fail "the default organization's product was changed"
fi

echo "story told: every page is as uploaded, every deleted page is gone"
