"""Fills a running local stack with names that are scripts, for scripts/hostile.js to look at.

    imprint-local up --json --api-port 0 --docs-port 0 --data DIR >stack.json &
    python3 scripts/hostile.py stack.json
    node scripts/hostile.js stack.json         # needs playwright-core and Chromium
"""

import base64
import json
import sys
import time
import urllib.error
import urllib.request
import uuid

NAME = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</title></style><svg onload=alert(3)>"
REFS = ['main', 'main"><script>alert(4)</script>', "tickets/DM-1<img/src=x onerror=alert(5)>", "v1.0'onmouseover=alert(6)",
        "javascript:alert(7)"]


class Stack:
    def __init__(self, file):
        with open(file, encoding="utf-8") as ready:
            info = json.loads(ready.readline())
        self.api = info["api"]
        self.authorization = f"{info['user']}:{info['password']}"
        self.authorization = self.call("GET", "/token")["token"] + ":"

    def call(self, method, path, body=None):
        url = path if path.startswith("http") else self.api + path
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", "Basic " + base64.b64encode(self.authorization.encode()).decode())
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")


def upload(form, page):
    boundary = uuid.uuid4().hex
    fields = {**form["fields"], "Content-Type": "text/html"}
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="index.html"\r\n\r\n{page}\r\n--{boundary}--\r\n')
    request = urllib.request.Request(form["url"], method="POST", data="".join(parts).encode())
    request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
    urllib.request.urlopen(request).close()


def main():
    stack = Stack(sys.argv[1])
    stack.call("PATCH", "/v2/orgs/default", {"title": NAME})
    stack.call("POST", "/products/", {"slug": "hostile", "title": NAME, "doc_repo": "https://github.com/example/x?a=javascript:alert(8)'"})
    for number, ref in enumerate(REFS):
        build = stack.call("POST", "/v2/orgs/default/projects/hostile/builds", {"git_ref": ref, "directories": ["/"]})
        for form in build["post_prefix_urls"].values():
            upload(form, "<!doctype html><title>Fine</title><h1>Fine</h1><p>alert and other words</p>")
        stack.call("PATCH", build["self_url"], {"uploaded": True})
        if number > 0:
            edition = {"slug": f"e{number}", "title": NAME, "tracked_refs": [ref]}
            stack.call("POST", "/products/hostile/editions/", edition)
    text = {"document": {"introduction": {"children": [{"type": "p", "children": [{"text": NAME}]}]}}}
    stack.call("POST", "/documents", {"title": NAME, "product": "hostile", "alias": "hostile", "content": text})
    release = {"component": {"name": "hostile", "description": NAME},
               "version": {"train": "stable", "version": "1.0", "released": "2026-01-01T00:00:00Z", "data": {"notes": NAME}}}
    stack.call("POST", "/v3/versions/stable/hostile/1.0", release)
    for _ in range(60):
        time.sleep(1)
        try:
            stack.call("PATCH", "/documents/hostile/versions/1.0", {"status": "PUBLISHED"})
            break
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
    else:
        sys.exit("the document was never rendered")
    time.sleep(10)


if __name__ == "__main__":
    main()
