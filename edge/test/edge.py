"""The edge: imprint.vcl, translated, in a Varnish of its own. And a reader who can ask for any path."""

import atexit
import http.client
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from translate import translate

VCL = Path(__file__).parent.parent / "imprint.vcl"
# Fastly allows three. Long headers, because a path is in many of them.
PARAMETERS = {"max_restarts": 3, "workspace_client": "512k", "workspace_backend": "512k", "http_req_hdr_len": "16k", "http_max_hdr": 128}


class Answer(NamedTuple):
    """What a reader gets."""

    status: int
    headers: dict
    body: bytes

    def __getattr__(self, name):
        return self.headers.get(name.replace("_", "-"))


def ask(port, host, path, method="GET", headers=()):
    """Any bytes as path: the libraries would mend it."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *(f"{name}: {value}" for name, value in headers)]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


class Edge:
    """A running Varnish."""

    def __init__(self, directory, tables, origin_port):
        directory.mkdir()
        (directory / "edge.vcl").write_text(translate(VCL, tables, origin_port), encoding="latin-1")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        parameters = [text for name, value in PARAMETERS.items() for text in ("-p", f"{name}={value}")]
        self.log = open(directory / "varnish.log", "wb")
        self.process = subprocess.Popen(
            ["varnishd", "-F", "-j", "none", "-n", str(directory / "work"), "-a", f"127.0.0.1:{self.port}",
             "-f", str(directory / "edge.vcl"), "-s", "malloc,128m", *parameters],
            stdout=self.log, stderr=self.log)
        atexit.register(self.stop)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise SystemExit((directory / "varnish.log").read_text())

    def ask(self, host, path, method="GET", headers=(), tls=True):
        # Fastly says so of requests that came over TLS.
        return ask(self.port, host, path, method, [*headers, *([("Fastly-SSL", "1")] if tls else [])])

    def purge(self, keys, soft=True):
        for at in range(0, len(keys), 256):
            answer = ask(self.port, "purge", "/", "PURGEKEYS", [("keys", " ".join(keys[at:at + 256])), *([("soft", "1")] if soft else [])])
            assert answer.status == 299, answer

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.log.close()
