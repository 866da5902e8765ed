#!/usr/bin/env bash
# The edge, tested: imprint.vcl is checked by falco (Fastly's language), translated, and run by Debian's Varnish in front of a
# local stack, whose docs port must give the same answers. Ends with 0 when it does.
#
#   edge/test.sh [TEST...]    all tests of test/run.py, or those
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
home=${CARGO_TARGET_DIR:-target}/edge
failure="the edge failed"
source scripts/stack.sh

# falco's linter as npm has it; with the digest, because it is a program.
falco_version=0.23.2
falco_digest=6348909e7b20903e464f859406bc77a8efc218b13a9f4c3b02fff9fc781dacc6

install_from_debian() { # PACKAGE...
    local root=()
    [[ $(id -u) == 0 ]] || root=(sudo)
    "${root[@]}" apt-get update -qq && "${root[@]}" apt-get install -y -qq --no-install-recommends "$@" >"$work/apt.log" \
        || fail "Debian's packages $* could not be installed"
}

install_tools() {
    local missing=()
    # Varnish compiles the rules with the machine's C compiler.
    command -v varnishd >/dev/null || missing+=(varnish)
    command -v gcc >/dev/null || missing+=(gcc libc6-dev)
    ls /usr/lib/*/varnish/vmods/libvmod_xkey.so >/dev/null 2>&1 || missing+=(varnish-modules)
    ls /usr/lib/*/varnish/vmods/libvmod_digest.so >/dev/null 2>&1 || missing+=(varnish-vmod-digest)
    command -v npm >/dev/null || missing+=(npm)
    ((${#missing[@]} == 0)) || install_from_debian "${missing[@]}"
    install_from_pypi "$home/venv" botocore==1.44.8
    if [[ ! -x $home/package/bin/falco-linux-amd64 ]]; then
        (cd "$home" && npm pack --silent "falco-js@$falco_version" >/dev/null) || fail "falco-js could not be fetched from npm"
        echo "$falco_digest  $home/falco-js-$falco_version.tgz" | sha256sum --check --quiet || fail "falco-js is not what it was"
        tar -C "$home" -xzf "$home/falco-js-$falco_version.tgz"
    fi
}

lint() {
    # This version does not know that `unset` takes a prefix, which Fastly documents.
    mkdir "$work/lint"
    for file in edge/*.vcl edge/test/dictionaries.vcl; do
        sed -E 's/^( *unset [a-z]+\.http\.[A-Za-z-]+)\*;/\1Any;/' "$file" >"$work/lint/$(basename "$file")"
    done
    sed -i '1i include "dictionaries";' "$work/lint/imprint.vcl"
    "$home/package/bin/falco-linux-amd64" -I "$work/lint" -v "$work/lint/imprint.vcl" >"$work/falco.log" 2>&1 && grep -q ' 0 errors, .* 0 warnings' "$work/falco.log" \
        || { cat "$work/falco.log" >&2; fail "falco finds fault with imprint.vcl"; }
    echo "ok      falco: no errors, no warnings"
}

install_tools
lint
start_server
"$home/venv/bin/python" edge/test/run.py "$work/ready.json" "$work" "$@" || fail "see above"
