#!/usr/bin/env python3
"""Builds functions as they are deployed and shows whether they can be: size, C library, start.

  scripts/ships.py                  every function of template.yaml
  scripts/ships.py api sweep        only these
  scripts/ships.py --no-build       what was built before

For each: the size of its zip (Lambda takes 50 MB,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); the highest version of glibc that it asks for
(Amazon Linux 2023 has 2.34); the time from its start to its first question to the Runtime API, best and median of
several processes, and its memory then. The Runtime API is a stub on loopback, and all addresses of AWS lead nowhere:
a function that asks for anything before its first event is found out. Building everything takes many minutes
(link-time optimization). Binaries are for this machine's processor.

Exit code 1 when a zip is too large, glibc too new, or a function does not come to its first question. Times are shown
beside what they should be, and never fail.
"""

import argparse
import http.server
import io
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"

# Megabytes of a zip. What is not named is a small one. The engine of searches brings its part for browsers in 33 languages:
# 2 MB that nothing makes smaller.
SMALL = 6.0
LARGEST = {"api": 8.0, "index-search": 9.0, "render-document": 25.0}
# Milliseconds to the first question of the API, whose start a client waits for.
START = {"api": 40.0}
GLIBC = (2, 34)
# Values of variables that are read; all others are empty.
VALUES = {
    "IMPRINT_STAGE": "prod",
    "IMPRINT_TABLE": "catalog",
    "IMPRINT_BUCKET": "docs",
    "IMPRINT_DOMAIN": "docs.example.org",
    "IMPRINT_API_URL": "https://keeper.example.org",
    "IMPRINT_SEALING_KEY": "s" * 64,
    "DOCTOR_AUTH_USER": "doctor",
    "DOCTOR_AUTH_PASSWORD": "d" * 32,
    "RUST_LOG": "warn,imprint=info",
}
NOWHERE = "http://127.0.0.1:9"


def functions():
    """Every function of the template with the names of its variables."""
    text = (ROOT / "template.yaml").read_text()
    # The ten queues, the table and the rest are given to all functions by Globals.
    names = set(re.findall(r"^\s+((?:IMPRINT|DOCTOR)_[A-Z_]+):", text, re.MULTILINE))
    return re.findall(r"Binary: imprint-([a-z-]+)", text), names


def surroundings(function, names, port):
    variables = {name: VALUES.get(name, "") for name in names}
    variables |= {name: f"{NOWHERE}/queue/{name.lower()}" for name in names if name.startswith("IMPRINT_QUEUE_")}
    return variables | {
        "RUST_LOG": VALUES["RUST_LOG"],
        "PATH": os.environ["PATH"],
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_LAMBDA_FUNCTION_NAME": f"imprint-{function}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_ENDPOINT_URL": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
    }


class Questions(http.server.BaseHTTPRequestHandler):
    """The Runtime API until the first question, which is never answered."""

    def do_GET(self):
        self.server.asked_at = time.perf_counter()
        self.server.path = self.path
        self.server.asked.set()
        self.server.over.wait()
        self.close_connection = True

    def do_POST(self):  # An error of the initialization.
        self.server.path = self.path
        self.server.asked.set()

    def log_message(self, *_):
        pass


def start_once(binary, function, names):
    """Milliseconds from the start to the first question, and the memory in MB then."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Questions)
    server.daemon_threads = True
    server.asked, server.over, server.path = threading.Event(), threading.Event(), None
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    began = time.perf_counter()
    process = subprocess.Popen(
        [binary], env=surroundings(function, names, server.server_port), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        if not server.asked.wait(10) or not str(server.path).endswith("/invocation/next"):
            process.kill()
            said = process.stdout.read().decode(errors="replace").strip()
            raise SystemExit(f"imprint-{function} never asked for an event; it said: {said or 'nothing'}")
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1000
        return (server.asked_at - began) * 1000, memory
    finally:
        process.kill()
        process.wait()
        server.over.set()
        server.shutdown()
        server.server_close()


def newest_glibc(binary):
    # Names of symbol versions end with a zero; what only looks like one does not.
    found = re.findall(rb"GLIBC_([0-9]+\.[0-9]+)(?:\.[0-9]+)?\0", binary)
    return max(tuple(map(int, version.split(b"."))) for version in found)


def zip_size(binary):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bootstrap", binary)
    return len(zipped.getvalue()) / 1e6


def measure(function, names, starts):
    path = RELEASE / f"imprint-{function}"
    if not path.exists():
        raise SystemExit(f"there is no {path}: leave out --no-build")
    binary = path.read_bytes()
    times, memory = zip(*(start_once(path, function, names) for _ in range(starts)))
    return {
        "function": function,
        "zip_megabytes": round(zip_size(binary), 2),
        "zip_limit": LARGEST.get(function, SMALL),
        "glibc": "{}.{}".format(*newest_glibc(binary)),
        "start_ms": round(min(times), 1),
        "start_median_ms": round(statistics.median(times), 1),
        "start_target_ms": START.get(function),
        "memory_megabytes": round(max(memory), 1),
    }


def wrong(figures):
    name, glibc = figures["function"], tuple(map(int, figures["glibc"].split(".")))
    if figures["zip_megabytes"] > figures["zip_limit"]:
        yield f"{name}: its zip may have {figures['zip_limit']:.0f} MB"
    if glibc > GLIBC:
        yield (
            f"{name}: Amazon Linux 2023 has glibc 2.34 and would not start it "
            f"(look for the symbol with `objdump -T {RELEASE}/imprint-{name}`)"
        )


def main():
    every, names = functions()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help=f"one of {', '.join(every)}")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    parser.add_argument("--starts", type=int, default=9, help="processes to start of each function [default: 9]")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each function")
    arguments = parser.parse_args()
    chosen = arguments.functions or every
    if unknown := set(chosen) - set(every):
        parser.error(f"template.yaml has no function {', '.join(sorted(unknown))}")
    if not arguments.no_build:
        # One by one, as sam does: built together, each has the features that any of them asks of a crate.
        for function in chosen:
            build = ["cargo", "build", "--release", "--locked", "--bins", "-p", f"imprint-{function}"]
            subprocess.run(build, cwd=ROOT, check=True)
    if not arguments.json:
        print("| function | zip | may have | glibc | start, best | median | memory then |\n|---|---|---|---|---|---|---|")
    failures = []
    for function in chosen:
        figures = measure(function, names, arguments.starts)
        failures += wrong(figures)
        if arguments.json:
            print(json.dumps(figures), flush=True)
            continue
        target = figures["start_target_ms"]
        start = f"{figures['start_ms']} ms" + (f" (should be {target:.0f})" if target else "")
        print(
            f"| {function} | {figures['zip_megabytes']} MB | {figures['zip_limit']:.0f} MB | {figures['glibc']} "
            f"| {start} | {figures['start_median_ms']} ms | {figures['memory_megabytes']} MB |",
            flush=True,
        )
    sys.exit("\n".join(failures) if failures else 0)


if __name__ == "__main__":
    main()
