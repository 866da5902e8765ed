# A local stack for a script that sources this, and ends with it. The script has changed into the project, has said what
# its failures are called ($failure) and has a directory of its own below target/ ($home).

export LC_ALL=C.UTF-8
mkdir -p "$home"
home=$(cd "$home" && pwd)
work=$(mktemp -d "$home/run.XXXXXX")
server=

finish() {
    local code=$?
    if [[ -n $server ]] && kill -0 "$server" 2>/dev/null; then
        kill "$server"
        wait "$server" || true
    fi
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT

fail() {
    echo "$failure: $*" >&2
    if [[ -s $work/server.log ]]; then
        echo "--- the last lines of the server's log" >&2
        tail -n 30 "$work/server.log" >&2
    fi
    exit 1
}

install_from_pypi() { # DIRECTORY PACKAGE...: from PyPI, when they are not there yet
    local venv=$1
    shift
    [[ -e $venv/installed ]] && return
    rm -rf "$venv"
    python3 -m venv "$venv" >&2 || fail "python3 cannot make a virtual environment (Debian: apt-get install python3-venv)"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2 || fail "$1 could not be installed from PyPI"
    touch "$venv/installed"
}

start_server() {
    cargo build --quiet -p imprint-local || fail "the stack does not build"
    "${CARGO_TARGET_DIR:-target}/debug/imprint-local" up --json --data "$work/data" --api-port 0 --docs-port 0 \
        >"$work/ready.json" 2>"$work/server.log" &
    server=$!
    for _ in $(seq 300); do
        grep -q '"ready": *true' "$work/ready.json" && return
        kill -0 "$server" 2>/dev/null || fail "imprint-local ended before it was ready"
        sleep 0.1
    done
    fail "imprint-local was not ready within 30 s"
}

ready() { # KEY: a value of the line that imprint-local prints once ready
    python3 -c 'import json, sys; print(json.loads(next(l for l in open(sys.argv[1]) if "ready" in l))[sys.argv[2]])' \
        "$work/ready.json" "$1"
}

log_in() { # prints a token of the first user
    curl --silent --show-error --fail --user "$user:$password" "$api/token" \
        | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])' || fail "GET /token gave no token"
}
