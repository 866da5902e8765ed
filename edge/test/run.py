"""Everything that is tested of the edge: run.py READY.json DIRECTORY, beside a local stack that says READY.json of itself."""

import json
import random
import re
import sys
import time
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import origin
from edge import Edge, ask
from stack import SITE, SITES, Stack, fill, page

CASES = Path(__file__).parent / "cases.txt"
OWN_PAGE = re.compile(r"^(_orgs/[^/]+/)?(([a-z][a-z0-9-]*/)(v|builds)(/[^/]+)?|index\.html|404\.html)$")
COMPARED = ["location", "content-type", "content-language", "content-disposition", "content-encoding", "cache-control", "etag",
            "last-modified", "content-range"]


class Failed(Exception):
    """What is not as it should be."""


def check(holds, *what):
    if not holds:
        raise Failed(" ".join(map(str, what)))


class Tests:
    """The edge, the bucket behind it, and the docs port beside it."""

    def __init__(self, ready, directory):
        self.stack = Stack(ready)
        self.docs = urlsplit(ready["docs"]).port
        self.origin = origin.Origin(ready["s3"], ready["bucket"])
        self.tables = {
            "imprint_sites": SITES, "imprint_origin": {"bucket": ready["bucket"], "region": origin.REGION},
            "imprint_secrets": {"access_key": origin.READER.access_key, "secret_key": origin.READER.secret_key},
        }
        self.directory, self.purged = directory, 0
        fill(self.stack)
        self.edge = self.start("edge")

    def start(self, name, **tables):
        return Edge(self.directory / name, {**self.tables, **tables}, self.origin.server_port)

    def asked(self):
        """What the bucket was asked for since the last time."""
        taken, self.origin.requests = self.origin.requests, []
        return taken

    def purge(self):
        """What the CDN was told to forget since the last time."""
        keys = self.stack.purged()
        new, self.purged = keys[self.purged:], len(keys)
        self.edge.purge(new)
        return new

    def object(self, key):
        status, headers, body = self.origin.fetch(key, {})
        check(status == 200, key, status)
        return {name.lower(): value for name, value in headers}, body

    def key_of(self, key):
        return self.object(key)[0]["x-amz-meta-surrogate-key"]


def cases():
    for number, line in enumerate(CASES.read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            request, status, what, *headers = re.split(r"  +", line.strip())
            headers = [tuple(header.split(": ", 1)) for header in headers[0].split(" | ")] if headers else []
            host, slash, path = request.partition("/")
            yield number, host, slash + path, int(status.strip("!~")), what, headers, "!" not in status, "~" not in status


def each_case(tests):
    """the table of cases, by an empty cache, by a full one, and by the docs port"""
    wrong, count = [], 0
    for number, host, path, status, what, headers, same, kept in cases():
        count += 1
        try:
            one_case(tests, host, path, status, what, headers, same, kept)
        except Failed as failed:
            wrong.append(f"  line {number}, {host}{path} {headers or ''}: {failed}")
    check(not wrong, f"{len(wrong)} of {count}\n" + "\n".join(wrong))
    check(not tests.origin.refusals, tests.origin.refusals)
    return f"{count} cases"


def one_case(tests, host, path, status, what, headers, same, kept):
    first = tests.edge.ask(host, path, headers=headers)
    tests.asked()
    again = tests.edge.ask(host, path, headers=headers)
    asked = tests.asked()
    check(first.status == status, f"{first.status}, not {status}", first.headers)
    check((again.status, again.body, again.location) == (first.status, first.body, first.location), "another answer from the cache:",
          again.status)
    hidden = [name for name in first.headers if name.startswith(("x-amz", "imprint")) or name == "server"]
    check(not hidden, "shows", hidden)
    if status == 301:
        check(first.location == what, f"to {first.location}, not {what}")
        check(first.cache_control == "no-cache" and not first.etag, first.headers)
    elif what != "-":
        found, body = tests.object(unquote(what))
        if status == 206:
            start, end = map(int, re.match(r"bytes (\d+)-(\d+)/", first.content_range).groups())
            body = body[start:end + 1]
        check(first.body == body, f"not {what}:", first.body[:60])
        keys = found["x-amz-meta-surrogate-key"].split()
        check(set(keys) <= set((first.surrogate_key or "").split()), f"its key is {first.surrogate_key}, not {keys}")
        is_own = bool(OWN_PAGE.match(unquote(what)))
        check((first.content_security_policy == "frame-ancestors 'none'") == is_own, "own page:", is_own, first.content_security_policy)
        check((first.x_content_type_options == "nosniff") == is_own, "own page:", is_own)
    # Nothing is asked for twice, except what has no key to be forgotten by.
    check(bool(asked) != kept, "asked for again:" if kept else "kept:", asked)
    check(len(asked) <= 3, "asked for too much:", asked)
    if same:
        with_docs_port(tests, host, path, headers, first)


def with_docs_port(tests, host, path, headers, edge):
    docs = ask(tests.docs, host, path, headers=headers)
    check(docs.status == edge.status, f"the docs port says {docs.status}", docs.headers)
    if b"There is no such page" in edge.body and not edge.surrogate_key:
        # Nobody's page: each says so in its own words.
        return
    for name in COMPARED:
        # A page that either makes up has headers of its own.
        if b"has not been published" not in docs.body:
            # A redirect is an object here, and a text of the docs port there. What stands in is no version of the path.
            if edge.status == 301 and name == "content-type" or not edge.etag and name in ("etag", "last-modified"):
                continue
            check(docs.headers.get(name) == edge.headers.get(name), f"{name}: the docs port says {docs.headers.get(name)},",
                  f"the edge {edge.headers.get(name)}")
    if edge.status not in (301, 416) and b"has not been published" not in docs.body:
        check(docs.body == edge.body, "the docs port has another body:", docs.body[:60])
    if docs.vary:
        check("Accept" in (edge.vary or ""), "no Vary")


def hostile_paths(tests):
    """400 paths of hostile parts ask for nothing outside the product, and get what the docs port gives"""
    parts = ["..", ".", "%2e%2e", "%2E.", "%252e%252e", "/", "//", "%2f", "%2F", "\\", "%5c", "%", "%2", "%25", "%ff", "%c0%af", "a", "v",
             "v1", "main", "builds", "_orgs", "acme", "_imprint", "other", "_downloads", "handbook.pdf", "%00", "%0a", "%7f", "+", " ".strip(),
             "%20", ";", ":", "@", "?", "&", "=", "~", "*", "'", "guides", "index.html", "🦀", "%F0%9F%A6%80", "robots.txt"]
    chance = random.Random(4711)
    differ = []
    tests.asked()
    for _ in range(400):
        path = "/" + "".join(chance.choice(parts) + chance.choice(["", "/"]) for _ in range(chance.randint(1, 7)))
        host, prefix = chance.choice([("handbook.localhost", ""), ("acme.test", "/docs/alpha")])
        edge = tests.edge.ask(host, prefix + path)
        own = "handbook/" if host == "handbook.localhost" else "_orgs/acme/"
        for key in tests.asked():
            whole = key in (f"{own.replace('handbook/', '')}404.html", f"{own.replace('handbook/', '')}index.html")
            parts_of = key.split("/")
            check(whole or key.startswith(own), path, "asked for", key)
            check(".." not in parts_of and "." not in parts_of, path, "asked for", key)
        check("x-evil" not in edge.headers and edge.status in (200, 301, 404), path, edge)
        check(edge.status != 301 or re.match(r"/[^/\\]|/$", edge.location), path, "leads to", edge.location)
        docs = ask(tests.docs, host, prefix + path)
        is_renamed_and_hostile = docs.status == 301 and re.search(r"%[01][0-9a-f]|%7f", path)
        if (docs.status, docs.location) != (edge.status, edge.location) and not is_renamed_and_hostile:
            differ.append(f"  {host}{prefix}{path}: docs {docs.status} {docs.location}, edge {edge.status} {edge.location}")
    check(not differ, f"{len(differ)}\n" + "\n".join(differ))


def a_missing_page(tests):
    """a missing page is kept, is answered by the product's page, and appears when its edition is purged"""
    host, new = "handbook.localhost", "/new/page.html"
    tests.purge()
    first = tests.edge.ask(host, new)
    check(first.status == 404 and b"<html" in first.body, first)
    edition, product = tests.key_of("handbook/v/main/index.html"), tests.key_of("handbook/v/404.html")
    check(edition != product, edition)
    check(first.surrogate_key.split() == [edition, product], first.surrogate_key)
    tests.asked()
    check(tests.edge.ask(host, new).body == first.body, "another answer")
    check(not tests.asked(), "a missing page is asked for again")
    tests.stack.publish("/products/handbook", "main", {**SITE, "new/page.html": page("New")})
    check(tests.edge.ask(host, new).status == 404, "the cache is not used")
    keys = tests.purge()
    check(edition in keys and product in keys, keys)
    check(tests.edge.ask(host, new).status == 200, "the purge did not bring the page")
    # And another way round: what is gone is missing.
    tests.stack.publish("/products/handbook", "main", SITE)
    check(tests.edge.ask(host, new).status == 200, "the cache is not used")
    tests.edge.purge([edition])
    check(tests.edge.ask(host, new).status == 404, "the purge of the edition alone did not remove the page")
    tests.purge()


def a_new_edition(tests):
    """what was missing before there was an edition appears without a purge that could name it"""
    host, path = "handbook.localhost", "/v/v3/index.html"
    check(tests.edge.ask(host, path).status == 404, "too early")
    check(tests.edge.ask(host, path).status == 404, "too early")
    tests.stack.publish("/products/handbook", "v3", {"index.html": page("Three")})
    check(tests.edge.ask(host, path).status == 200, "kept under no key")
    tests.purge()


def a_renamed_edition(tests):
    """a rename shows at old and new address with its purge"""
    host = "handbook.localhost"
    tests.stack.publish("/products/handbook", "r1", {"index.html": page("R"), "x.html": page("X")})
    tests.purge()
    check(tests.edge.ask(host, "/v/r1/x.html").status == 200, "not there")
    check(tests.edge.ask(host, "/v/r1/y.html").status == 404, "there")
    check(tests.edge.ask(host, "/v/r2/x.html").status == 404, "there")
    tests.stack.rename("handbook", "r1", "r2")
    tests.purge()
    for path, to in [("/v/r1/x.html", "/v/r2/x.html"), ("/v/r1/y.html", "/v/r2/y.html"), ("/v/r1", "/v/r2"), ("/v/r1/", "/v/r2/")]:
        answer = tests.edge.ask(host, path)
        check((answer.status, answer.location) == (301, to), path, answer.status, answer.location)
        check(answer.surrogate_key == tests.key_of("handbook/v/r2/index.html"), path, answer.surrogate_key)
    check(tests.edge.ask(host, "/v/r2/x.html").status == 200, "not at its new name")


def the_products_own_pages(tests):
    """dashboards, robots.txt and the 404 page show a publication with its purges"""
    host = "other.localhost"
    seen = [tests.edge.ask(host, path).body for path in ("/v/", "/builds/", "/sitemap.xml")]
    tests.stack.publish("/products/other", "1.0", {"index.html": page("One")})
    check([tests.edge.ask(host, path).body for path in ("/v/", "/builds/", "/sitemap.xml")] == seen, "the cache is not used")
    tests.purge()
    now = [tests.edge.ask(host, path).body for path in ("/v/", "/builds/", "/sitemap.xml")]
    check(all(before != after for before, after in zip(seen, now)), "an old page")
    check(b"1.0" in now[0] and b"1.0" in now[2], now[0])


def methods(tests):
    """pages are read, and read only"""
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = tests.edge.ask("handbook.localhost", "/", method)
        check((answer.status, answer.allow) == (405, "GET, HEAD"), method, answer)
    tests.asked()
    whole, head = tests.edge.ask("handbook.localhost", "/guides/"), tests.edge.ask("handbook.localhost", "/guides/", "HEAD")
    check((head.status, head.body, head.content_length, head.etag) == (200, b"", str(len(whole.body)), whole.etag), head)
    head = tests.edge.ask("handbook.localhost", "/guides", "HEAD")
    check((head.status, head.location) == (301, "/guides/"), head)


def tls(tests):
    """who comes without TLS is sent to it, and only on hosts that are served"""
    answer = tests.edge.ask("Handbook.localhost:80", "/a.html?x=1", tls=False)
    check((answer.status, answer.location) == (301, "https://handbook.localhost/a.html?x=1"), answer)
    check(tests.edge.ask("evil.test", "/a.html", tls=False).status == 404, "leads elsewhere")


def conditions(tests):
    """a reader who has a page is told so, and one who has the other of the two is not"""
    ask_for = lambda *headers: tests.edge.ask("handbook.localhost", "/a.html", headers=headers)
    markdown = ("Accept", "text/markdown")
    html, text = ask_for(), ask_for(markdown)
    check(html.etag != text.etag and text.content_type.startswith("text/markdown"), html, text)
    check(html.vary == "Accept" and text.vary == "Accept", html.vary, text.vary)
    check(ask_for(("If-None-Match", html.etag)).status == 304, "page")
    check(ask_for(("If-None-Match", text.etag), markdown).status == 304, "Markdown")
    check(ask_for(("If-None-Match", text.etag)).status == 200, "a page for a reader of Markdown")
    check(ask_for(("If-None-Match", html.etag), markdown).status == 200, "Markdown for a reader of the page")
    answer = tests.edge.ask("handbook.localhost", "/nowhere", headers=[("If-None-Match", "*")])
    check(answer.status == 404 and not answer.etag, answer)


def what_readers_send(tests):
    """nothing that a reader sends reaches the bucket or the rules"""
    tests.edge.purge([tests.key_of("handbook/v/main/index.html")], soft=False)
    evil = [("x-amz-security-token", "x"), ("Authorization", "Basic eDp5"), ("Cookie", "a=b"), ("Imprint-Step", "nothing"),
            ("Imprint-Key", "x"), ("Imprint-Object", "/other/v/main/index.html"), ("Imprint-Product", "other"), ("Range", "bytes=0-1"),
            ("Imprint-Stand-In", "/other/v/main/index.html"), ("Imprint-Index", "1"), ("Imprint-Retried", "1"), ("Imprint-Place", "x")]
    tests.origin.refusals.clear()
    for path in ("/index.html", "/nowhere/again"):
        answer = tests.edge.ask("handbook.localhost", path, headers=evil)
        check(b"another product" not in answer.body and answer.status in (206, 404), answer)
    check(tests.edge.ask("handbook.localhost", "/index.html").body == tests.object("handbook/v/main/index.html")[1], "part of a page was kept")
    # A key that a reader names keeps nothing.
    for _ in range(2):
        tests.asked()
        check(tests.edge.ask("handbook.localhost", "/builds/1/nowhere/x", headers=evil).status == 404, "builds")
        check("handbook/builds/1/nowhere/x" in tests.asked(), "kept under a reader's key")
    check(tests.edge.ask("sub.test", "/alpha/", headers=evil).status == 404, "the index for another path")
    check(not tests.origin.refusals, tests.origin.refusals)


def the_bucket_fails(tests):
    """one failure is tried again, more are a page that says so, and none is kept or taken for a missing page"""
    host = "handbook.localhost"
    everything = ["handbook/v/main/index.html", "handbook/v/404.html"]
    for failures, expected in [([503], 200), ([500], 200), ([503, 503], 503), ([403, 403], 503), ([301, 307], 503), ([400, 503], 503)]:
        tests.edge.purge([tests.key_of(key) for key in everything], soft=False)
        tests.origin.failures = list(failures)
        answer = tests.edge.ask(host, "/a.html")
        check(answer.status == expected and not tests.origin.failures, failures, answer, tests.origin.failures)
        if expected == 503:
            check(b"could not be read" in answer.body and answer.cache_control == "no-store", answer)
        check(tests.edge.ask(host, "/a.html").status == 200, failures, "was kept")
    tests.edge.purge([tests.key_of(key) for key in everything], soft=False)
    # The look for the edition's key fails: the page for what is missing comes all the same.
    check(tests.edge.ask(host, "/nowhere").status == 404, "nowhere")


def wrong_keys(tests):
    """a key that the bucket refuses is a failure, not an empty site"""
    edge = tests.start("refused", imprint_secrets={"access_key": origin.READER.access_key, "secret_key": "another"})
    check(edge.ask("handbook.localhost", "/").status == 503, "served")
    check(tests.origin.refusals and all("does not match" in one for one in tests.origin.refusals), tests.origin.refusals)
    tests.origin.refusals.clear()


def the_policy(tests):
    """the reader's key reads what is published and none of the bookkeeping"""
    for key in ("handbook/v/main/x", "handbook/v", "handbook/builds/1/x", "index.html", "_orgs/acme/404.html", "_orgs/acme/alpha/v/main/x"):
        check(origin.may("s3:GetObject", f"arn:aws:s3:::imprint-docs/{key}"), key, "denied")
    for resource in ("imprint-docs/_imprint/uploads/1/archive", "imprint-docs/_imprint/builds/1/v/x", "imprint-docs/handbook/artifacts/x",
                     "another/handbook/v/main/x"):
        check(not origin.may("s3:GetObject", f"arn:aws:s3:::{resource}"), resource)
    for action in ("s3:PutObject", "s3:DeleteObject"):
        check(not origin.may(action, "arn:aws:s3:::imprint-docs/x"), action)


TESTS = [each_case, hostile_paths, a_missing_page, a_new_edition, a_renamed_edition, the_products_own_pages, methods, tls, conditions,
         what_readers_send, the_bucket_fails, wrong_keys, the_policy]


def main():
    ready = json.loads(next(line for line in Path(sys.argv[1]).read_text().splitlines() if "ready" in line))
    tests, failed = Tests(ready, Path(sys.argv[2])), 0
    chosen = [test for test in TESTS if len(sys.argv) < 4 or test.__name__ in sys.argv[3:]]
    for test in chosen:
        start = time.monotonic()
        try:
            said = test(tests)
            print(f"ok      {test.__doc__}{f': {said}' if said else ''} ({time.monotonic() - start:.1f} s)", flush=True)
        except (Failed, OSError, KeyError) as error:
            failed += 1
            print(f"FAILED  {test.__doc__}: {type(error).__name__ if not isinstance(error, Failed) else ''} {error}", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
