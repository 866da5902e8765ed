#!/usr/bin/env python3
"""Uploads a built documentation site to Imprint, and says which release it documents.

    publish.py --product handbook --dir _build/html --git-ref v2.19.1 --train stable --version 2.19.1

One call registers the build with its release; when its files are there, one transaction publishes the release and moves
the editions that follow the train. Running it again is safe: the release keeps its date and gets the newer build. Without
--train and --version it is an ordinary upload.

The address and the token come from IMPRINT_URL and IMPRINT_TOKEN. Needs Python 3.9 and nothing else.
Ends with 0 when readers see the build, with 1 and a sentence when not.
"""
import argparse
import base64
import concurrent.futures
import json
import mimetypes
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request
import uuid

WITH_FORMS = "application/vnd.ltdkeeper.v2+json"
ATTEMPTS = 4


def send(request):
    """The answer's body; tries again what may succeed later."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code not in (429, 500, 502, 503, 504) or attempt == ATTEMPTS:
                sys.exit(f"{request.get_method()} {request.full_url}: {error.code} {text}")
        except urllib.error.URLError as error:
            if attempt == ATTEMPTS:
                sys.exit(f"{request.get_method()} {request.full_url}: {error.reason}")
        time.sleep(2**attempt)


class Api:
    def __init__(self, url, token):
        self.url = url.rstrip("/")
        self.basic = "Basic " + base64.b64encode(f"{token}:".encode()).decode()

    def call(self, method, path, body=None, accept="application/json"):
        url = path if path.startswith("http") else self.url + path
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": self.basic, "Accept": accept}
        if data is not None:
            headers["Content-Type"] = "application/json"
        return json.loads(send(urllib.request.Request(url, data, headers, method=method)))


def post_form(form, name, content):
    """Posts one file with a presigned form: its fields, the content type, the file last."""
    boundary = uuid.uuid4().hex
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    fields = {**form["fields"], "Content-Type": kind}
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\nContent-Type: {kind}\r\n\r\n')
    body = "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    send(urllib.request.Request(form["url"], body, headers, method="POST"))


def upload(build, root, files):
    def one(path):
        directory = path.relative_to(root).parent.as_posix()
        forms = build["post_prefix_urls"]
        form = forms["/" if directory == "." else f"{directory}/"]
        post_form(form, path.name, path.read_bytes())

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, files))


def wait(api, url):
    """Waits until readers see it."""
    for _ in range(600):
        task = api.call("GET", url)
        if task["status"] == "SUCCESS":
            return
        if task["status"] == "FAILURE":
            sys.exit(f"{url}: {json.dumps(task, indent=2)}")
        time.sleep(1)
    sys.exit(f"{url} is not finished after ten minutes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--product", required=True)
    parser.add_argument("--dir", required=True, type=pathlib.Path, help="the folder with the built site")
    parser.add_argument("--git-ref", required=True)
    parser.add_argument("--train", help="the train in which the version comes out, such as stable or beta")
    parser.add_argument("--version", help="the version that the site documents")
    options = parser.parse_args()
    if (options.train is None) != (options.version is None):
        parser.error("--train and --version belong together")
    missing = [name for name in ("IMPRINT_URL", "IMPRINT_TOKEN") if not os.environ.get(name)]
    if missing:
        sys.exit(f"{' and '.join(missing)} must be set")
    files = sorted(path for path in options.dir.rglob("*") if path.is_file())
    if not files:
        sys.exit(f"there are no files below {options.dir}")

    api = Api(os.environ["IMPRINT_URL"], os.environ["IMPRINT_TOKEN"])
    folders = {path.relative_to(options.dir).parent.as_posix() for path in files}
    new = {"git_refs": [options.git_ref], "directories": sorted("/" if folder == "." else f"{folder}/" for folder in folders)}
    if options.train:
        new.update(train=options.train, version=options.version)
    build = api.call("POST", f"/products/{options.product}/builds/", new, accept=WITH_FORMS)
    print(f"build {build['slug']}: {len(files)} files")
    upload(build, options.dir, files)
    confirmed = api.call("PATCH", build["self_url"], {"uploaded": True})
    wait(api, confirmed["queue_url"])
    print(f"published: {build['published_url']}")


if __name__ == "__main__":
    main()
