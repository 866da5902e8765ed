"""What the story needs beside the client: a large site to upload, and eyes to check what is served.

story.py site DIR             writes a site of 300 directories and 3,000 files
story.py thin DIR LIST        deletes a tenth of its files, and whole directories; writes what went to LIST
story.py same BASE DIR [N]    compares every file (or a sample of N) with what BASE serves, byte for byte
story.py gone BASE LIST [N]   checks that every path of LIST (or a sample of N) answers 404
story.py overlay V1 V2 REMOVED DIR   makes the demo's second build in DIR

BASE is a URL, or "URL as HOST" to ask for pages of HOST where no name server knows it.
"""

import http.client
import mimetypes
import random
import shutil
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

# Each is legal in S3 and on disk, and each has broken some uploader: blanks, plus, percent, hash, ampersand,
# letters that are composed, decomposed and not Latin.
NAMES = ["index.html", "page one.html", "größe.html", "e\u0301tude.html", "図.svg", "a+b.html", "100% sure.txt",
         "c#.html", "q&a.json", "style.css"]
PARTS, CHAPTERS = 10, 29
SHOWN = 5


def site(root):
    directories = []
    for part in range(PARTS):
        top = root / f"part {part:02d}"
        directories += [top, *(top / f"κεφάλαιο {chapter:02d}" for chapter in range(CHAPTERS))]
    wanted = [directory / name for directory in directories for name in NAMES]
    wanted[-1] = root / "index.html"
    for number, path in enumerate(wanted):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{path.relative_to(root)}\n" + f"line {number} of the story\n" * (1 + number % 60), encoding="utf-8")
    print(f"{len(wanted):,} files in {len(directories)} directories")


def thin(root, listing):
    gone = sorted(path for path in files(root) if path != root / "index.html")[::10]
    for chapter in sorted(root.glob("part 0[0-4]/κεφάλαιο 0[01]")):
        gone += [path for path in files(chapter) if path not in gone]
    listing.write_text("".join(f"{path.relative_to(root)}\n" for path in gone), encoding="utf-8")
    for path in gone:
        path.unlink()
    for directory in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        if not any(directory.iterdir()):
            directory.rmdir()
    print(f"{len(gone)} files deleted")


def overlay(first, second, removed, target):
    shutil.copytree(first, target)
    shutil.copytree(second, target, dirs_exist_ok=True)
    for name in removed.read_text(encoding="utf-8").splitlines():
        (target / name).unlink()


def files(root):
    return sorted(path for path in root.rglob("*") if path.is_file())


class Reader:
    """One kept-alive connection, because thousands of pages are read."""

    def __init__(self, base):
        base, _, host = base.partition(" as ")
        address = urlsplit(base)
        self.headers = {"Host": host} if host else {}
        self.connection = http.client.HTTPConnection(address.netloc, timeout=30)
        self.prefix = address.path.rstrip("/")

    def get(self, path):
        self.connection.request("GET", f"{self.prefix}/{quote(path)}", headers=self.headers)
        response = self.connection.getresponse()
        return response.status, (response.getheader("Content-Type") or "").split(";")[0], response.read()


def sample(items, count):
    # The same pages on every run, so that a failure can be looked at again.
    return items if count is None or count >= len(items) else random.Random(3_000).sample(items, count)


def same(base, root, count=None):
    reader, wrong = Reader(base), []
    chosen = sample(files(root), count)
    for path in chosen:
        name = str(path.relative_to(root))
        status, kind, body = reader.get(name)
        wanted = mimetypes.guess_type(path.name, strict=False)[0] or "application/octet-stream"
        if status != 200:
            wrong.append(f"{name}: {status}")
        elif body != path.read_bytes():
            wrong.append(f"{name}: {len(body)} bytes are not the {path.stat().st_size} uploaded")
        elif kind != wanted:
            wrong.append(f"{name}: is {kind}, was uploaded as {wanted}")
    finish(wrong, f"{len(chosen)} pages are byte for byte what was uploaded")


def gone(base, listing, count=None):
    reader = Reader(base)
    chosen = sample(listing.read_text(encoding="utf-8").splitlines(), count)
    answers = [(name, reader.get(name)[0]) for name in chosen]
    finish([f"{name}: {status}, not 404" for name, status in answers if status != 404],
           f"{len(chosen)} deleted pages are gone")


def finish(wrong, sentence):
    if wrong:
        more = f" (and {len(wrong) - SHOWN} more)" if len(wrong) > SHOWN else ""
        sys.exit("\n".join(wrong[:SHOWN]) + more)
    print(sentence)


if __name__ == "__main__":
    verbs = {"site": (site, Path), "thin": (thin, Path, Path), "same": (same, str, Path, int),
             "gone": (gone, str, Path, int), "overlay": (overlay, Path, Path, Path, Path)}
    verb, *kinds = verbs[sys.argv[1]]
    verb(*(kind(value) for kind, value in zip(kinds, sys.argv[2:])))
