#!/usr/bin/env bash
# Checks the API against its own description: the document is OpenAPI 3.1, and whatever is asked, no answer is a 5xx, a
# status, a content type or a body that the document does not know. Once with a login's token, once without.
# Ends with 0 when all of it holds, else with 1 and a sentence.
#
#   scripts/schemathesis.sh [SECONDS]    at most so long for each of the two runs; 900 unless told otherwise
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The examples are bounded, so that a run ends by itself, after a minute; the time is for machines that are very busy.
seconds=${1:-900}
# The same requests each time.
seed=20260101
scripts=$PWD/scripts
home=${CARGO_TARGET_DIR:-target}/schemathesis
failure="the API does not keep to its description"
source scripts/stack.sh

tools=$home/schemathesis-4.32.5

post() { # PATH BODY
    curl --silent --show-error --fail --output /dev/null --user "$token:" \
        --header 'Content-Type: application/json' --request POST "$api$1" --data "$2" || fail "POST $1 was refused"
}

# What the examples of the description name, as far as a caller can choose it.
prepare() {
    token=$(log_in) || exit 1
    post /products/ '{"slug": "pipelines", "title": "Pipelines", "doc_repo": "https://github.com/example/pipelines"}'
    for _ in 1 2 3; do
        post /products/pipelines/builds/ '{"git_refs": ["main"]}'
        post /products/pipelines/editions/ '{"autoincrement": true, "title": "One", "mode": "git_refs", "tracked_refs": ["one"]}'
    done
    post /users/ '{"username": "jo", "password": "correct horse battery", "permissions": ["UPLOAD_BUILD"]}'
    local project=/v2/orgs/acme/projects/pipelines
    post /v2/orgs '{"slug": "acme", "title": "Acme", "layout": "path", "domain": "www.example.org"}'
    post /v2/orgs/acme/projects \
        '{"slug": "pipelines", "title": "Pipelines", "source_repo_url": "https://github.com/example/pipelines"}'
    post "$project/builds" '{"git_ref": "main", "slug": "17"}'
    post "$project/editions" '{"slug": "v1.0", "title": "One", "tracked_ref": "v1.0"}'
    local version='{"version": {"released": "2026-04-11T21:54:39Z", "data": {"description": "what changed"}}}'
    post /v3/versions/stable/handbook/2.19.1 "$version"
    post /v3/versions/stable/pipelines/2.19.1 "$version"
    post /documents '{"title": "Flux retrieval", "alias": "flux-retrieval", "content": {"markdown": "# Abstract\n\n$E = mc^2$"}}'
    local cluster='"id": "8c6da034-c8b1-489a-a55d-a2215d93f934"'
    post /v3/clusters "{$cluster, \"components\": [{\"component\": {\"name\": \"handbook\"}, \"version\": {\"version\": \"2.18.0\"}}]}"
    post /v3/doctor/7e57d004-2b97-4e7a-b45f-5387367791cd "{\"workflow\": {$cluster}}"
}

# --- the runs -----------------------------------------------------------------------------------------------

checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
checks+=,response_schema_conformance

run() { # LABEL OPTION...
    local label=$1 start=$SECONDS
    shift
    # It remembers failures where it runs; here nothing is remembered.
    SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH=$scripts env --chdir="$work" timeout "$seconds" \
        "$tools/bin/schemathesis" --config-file "$work/schemathesis.toml" run "$api/openapi.json" --no-color \
        --checks "$checks" --phases examples,coverage,fuzzing --max-examples 15 --seed "$seed" \
        --generation-deterministic --suppress-health-check all --warnings off \
        --request-timeout 20 --workers 1 "$@" >"$work/$label.log" 2>&1 \
        || { tail -n 200 "$work/$label.log" >&2; fail "$label"; }
    printf '  %4d s  %s: %s\n' "$((SECONDS - start))" "$label" "$(grep -E 'test cases|generated' "$work/$label.log" | tail -n 1 | xargs)"
}

install_from_pypi "$tools" "schemathesis==4.32.5" "hypothesis==6.170.17" "openapi-spec-validator==0.9.0"
start_server
api=$(ready api) user=$(ready user) password=$(ready password)
: >"$work/schemathesis.toml"
curl --silent --show-error --fail --output "$work/openapi.json" "$api/openapi.json" || fail "there is no description"
"$tools/bin/openapi-spec-validator" --schema 3.1 "$work/openapi.json" || fail "the document is not OpenAPI 3.1"
prepare
# Side by side: one changes nothing, and both wait most of the time.
run anonymous &
anonymous=$!
run authenticated --header "Authorization: Bearer $token" &
authenticated=$!
wait "$anonymous" || exit 1
wait "$authenticated" || exit 1

echo "the API keeps to its description"
