"""Checks that every crate of the lock file has a licence that deny.toml allows.

Reads `cargo metadata --format-version 1` from standard input. Stands in for `cargo deny check licenses` where
cargo-deny is not installed; unlike it, it trusts what a crate's manifest says and does not read licence texts.
"""

import json
import re
import sys
from pathlib import Path


def allowed(expression, names):
    """Whether an SPDX expression can be satisfied with licences out of `names`. The old `A/B` means A OR B."""
    tokens = re.findall(r"[()]|[\w.+-]+(?: WITH [\w.+-]+)?", re.sub(r"\s*/\s*", " OR ", expression))

    def either():
        value = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            value = both() or value
        return value

    def both():
        value = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            value = one() and value
        return value

    def one():
        token = tokens.pop(0)
        if token != "(":
            return token in names
        value = either()
        tokens.pop(0)
        return value

    return either()


def allow_list(deny):
    # Not tomllib, which older Pythons lack.
    return set(re.findall(r'"([^"]+)"', re.search(r"^allow = \[(.*?)^\]", deny, re.S | re.M)[1]))


def exceptions(deny):
    """The licences that single crates may have besides."""
    entries = re.findall(r'crate = "([^"]+)", allow = \[([^\]]*)\]', deny)
    return {crate: set(re.findall(r'"([^"]+)"', names)) for crate, names in entries}


def main():
    deny = (Path(__file__).parent.parent / "deny.toml").read_text(encoding="utf-8")
    names, own = allow_list(deny), exceptions(deny)
    crates = json.load(sys.stdin)["packages"]
    wrong = [f"{crate['name']} {crate['version']}: {crate['license']}" for crate in crates
             if not (crate["license"] and allowed(crate["license"], names | own.get(crate["name"], set())))]
    if wrong:
        sys.exit("not allowed by deny.toml:\n" + "\n".join(wrong))
    print(f"{len(crates)} crates, all under licences that deny.toml allows")


if __name__ == "__main__":
    main()
