"""The local stack, filled with what the cases are about."""

import base64
import io
import json
import tarfile
import time
import urllib.error
import urllib.request

MD5 = "0123456789abcdef0123456789abcdef"


def page(title, text="text"):
    return f"<!doctype html><html lang=en><title>{title}</title><main><h1>{title}</h1><p>{text}</p></main></html>".encode()


# Names as people give them, each of which has another spelling in a URL.
NAMES = ["page one.html", "größe.html", "図.html", "a+b.html", "100%.txt", "c#.html", "q&a=1.json", "~tilde.txt", "it's (1)!.txt",
         "semi;colon.txt", "at@home.txt", "back`tick.txt"]

SITE = {
    "index.html": page("Handbook"), "a.html": page("A"), "guides/index.html": page("Guides"), "guides/deep/x.html": page("X"),
    "style.css": b"body{}", "notes.md": b"# Notes of the site\n", "big.pdf": bytes(range(256)) * 64,
    f"_downloads/{MD5}/handbook.pdf": b"%PDF-1.4 of Sphinx", "_artifacts/handbook.pdf": b"%PDF-1.4 of the edition\n%%EOF\n",
    "v1.txt": b"not an edition", "very/v/x.txt": b"deep",
    **{name: name.encode() if name.endswith(".txt") else page(name) for name in NAMES},
}


class Stack:
    """A running imprint-local."""

    def __init__(self, ready):
        self.ready = ready
        basic = self.call("GET", f"{ready['api']}/token", user=f"{ready['user']}:{ready['password']}")
        self.token = basic["token"]

    def call(self, method, url, body=None, user=None, kind="application/json"):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, method=method)
        if kind:
            request.add_header("Content-Type", kind)
        if url.startswith(self.ready["api"]):
            user = user or f"{self.token}:"
            request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {url}: {error.code} {error.read()[:500]}") from None
        return json.loads(text) if text[:1] in b"{[" and text else text

    def api(self, method, path, body=None):
        return self.call(method, path if path.startswith("http") else self.ready["api"] + path, body)

    def settle(self):
        self.call("POST", f"{self.ready['control']}/quiesce?timeout_seconds=100")

    def purged(self):
        """The surrogate keys that the CDN was told to forget, in order."""
        return [key for purge in self.call("GET", f"{self.ready['control']}/purges")["purges"] for key in purge["keys"]]

    def product(self, slug):
        self.api("POST", "/products/", {"slug": slug, "title": slug, "doc_repo": "https://github.com/example/x"})

    def organization(self, slug, layout, domain, prefix, project):
        self.api("POST", "/v2/orgs", {"slug": slug, "title": slug, "layout": layout, "domain": domain, "path_prefix": prefix})
        self.api("POST", f"/v2/orgs/{slug}/projects",
                 {"slug": project, "title": project, "source_repo_url": "https://github.com/example/x"})

    def publish(self, place, ref, files):
        """A build of /products/<slug> or /v2/orgs/<org>/projects/<slug>, all the way to the pages."""
        build = self.api("POST", f"{place}/builds/", {"git_refs": [ref], "upload": "archive"})
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        self.call("PUT", build["archive_upload"]["url"], packed.getvalue(), kind=None)
        self.wait(lambda: self.api("GET", build["self_url"]))

    def wait(self, look):
        """Until the task that a build or an edition names has succeeded: then readers see it."""
        for _ in range(900):
            seen = look()
            task = seen.get("queue_url") or seen.get("task_url")
            state = self.api("GET", task) if task else {}
            if str(state.get("status")).lower() in ("failure", "failed"):
                raise SystemExit(f"{task}: {state}")
            if str(state.get("status")).lower() in ("success", "succeeded"):
                return
            time.sleep(0.1)
        raise SystemExit(f"{task} did not end: {state}")

    def edition(self, product, slug):
        for one in self.api("GET", f"/products/{product}/editions/?expand=1")["editions"]:
            if one["slug"] == slug:
                return one
        raise SystemExit(f"{product} has no edition {slug}")

    def rename(self, product, slug, to):
        edition = self.api("PATCH", self.edition(product, slug)["self_url"], {"slug": to})
        self.wait(lambda: edition)


def fill(stack):
    """Everything that cases.txt speaks of."""
    stack.product("handbook")
    stack.publish("/products/handbook", "main", SITE)
    stack.publish("/products/handbook", "v1", {**SITE, "only.html": page("Only in v1")})
    stack.rename("handbook", "v1", "v2")
    stack.publish("/products/handbook", "tickets/DM-1", {"index.html": page("Draft")})
    stack.product("other")
    stack.publish("/products/other", "main", {"index.html": page("Secret of another product"), "robots.txt": b"User-agent: x\n"})
    for slug, layout, domain, prefix in [("acme", "path", "acme.test", "/docs"), ("deep", "path", "acme.test", "/a/b.c/d"),
                                         ("sub", "subdomain", "sub.test", ""), ("root", "path", "root.test", "")]:
        stack.organization(slug, layout, domain, prefix, "alpha")
        stack.publish(f"/v2/orgs/{slug}/projects/alpha", "main", {"index.html": page(f"Alpha of {slug}"), "a/x.html": page("X")})
    stack.settle()


SITES = {
    "localhost": "subdomain default main", "acme.test/docs": "path acme main", "acme.test/a/b.c/d": "path deep main",
    "sub.test": "subdomain sub main", "root.test": "path root main",
}
