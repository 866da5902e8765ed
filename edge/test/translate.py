"""imprint.vcl in the language of Debian's Varnish, so that it runs here: translate.py imprint.vcl DICTIONARIES.json

Fastly's VCL and Varnish's have one ancestor. What imprint.vcl uses beyond what both have is listed here, each with what
becomes of it; whatever is not listed goes to Varnish as it is, which refuses what it does not know. So the file cannot leave
this part of the language unnoticed. README.md says what the translation hides.
"""

import json
import re
import sys
from pathlib import Path

TOKEN = re.compile(r"""
    (?P<macro>\#FASTLY[^\n]*) | (?P<comment>\#[^\n]*) | (?P<long>\{".*?"\}) | (?P<short>"[^"\n]*") |
    (?P<word>[A-Za-z_][A-Za-z0-9_.*-]*(?<![.-])) | (?P<number>[0-9]+[a-z]*) | (?P<mark>!~|[=!<>+]=|&&|\|\||[!<>=+~(){};,]) | (?P<blank>\s+)
""", re.VERBOSE | re.DOTALL)

# Those whose requests Varnish makes on a thread of its own: a request there has the copy of its headers that was made then.
BACKEND = {"vcl_fetch", "imprint_sign", "imprint_keep", "imprint_keep_instead"}

# The headers that stand for x-amz-*: Varnish has no wildcards.
AMZ = ["content-sha256", "date", "security-token", "acl", "id-2", "request-id", "server-side-encryption", "version-id",
       "meta-surrogate-key", "meta-surrogate-control", "meta-dir-redirect", "meta-edition-redirect"]

UTF8 = (r"^(?:[\x01-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
        r"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*$")

HEAD = """vcl 4.1;
import std; import var; import digest; import blob; import xkey;
backend default { .host = "127.0.0.1"; .port = "%d"; }
"""

# Purges by surrogate key, as Fastly's API has them. What Fastly's own front door does with PURGE is not imitated.
PURGE = """
  if (req.method == "PURGEKEYS") {
    if (req.http.soft) { set req.http.purged = xkey.softpurge(req.http.keys); } else { set req.http.purged = xkey.purge(req.http.keys); }
    return(synth(299, "Purged"));
  }
"""


def tokens(text):
    position, found = 0, []
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            sys.exit(f"not of the language: {text[position:position + 40]!r}")
        position = match.end()
        kind = match.lastgroup
        if kind == "short" and ("%" in match.group() or "\\" in match.group()):
            sys.exit(f"Fastly reads % and backslashes in short strings: {match.group()}")
        if kind not in ("comment", "blank"):
            found.append((kind, match.group()))
    return found


class Translation:
    def __init__(self, text, tables, port):
        self.tokens, self.at = tokens(text), 0
        self.tables, self.port = tables, port
        self.own = sorted(set(re.findall(r"\bImprint-[A-Za-z-]+", text)))
        self.subs = {}

    def next(self, expected=None):
        kind, text = self.tokens[self.at]
        if expected is not None and text != expected:
            sys.exit(f"{expected!r} expected, not {text!r}")
        self.at += 1
        return kind, text

    def peek(self):
        return self.tokens[self.at][1]

    def translate(self):
        while self.at < len(self.tokens):
            self.next("sub")
            self.sub = self.next()[1]
            self.types = {}
            self.next("{")
            self.subs[self.sub] = self.block()
        return self.assemble()

    def block(self):
        lines = []
        while self.peek() != "}":
            lines += self.statement()
        self.next("}")
        return lines

    def statement(self):
        kind, text = self.next()
        if kind == "macro":
            return []
        if text == "if":
            self.next("(")
            lines = [f"if ({self.expression(')')}) {{", *self.braced(), "}"]
            while self.peek() == "else":
                self.next("else")
                lines += ["else {", *self.braced(), "}"]
            return lines
        if text == "declare":
            self.next("local")
            name, kind = self.next()[1], self.next()[1]
            self.next(";")
            self.types[name] = kind
            return []
        if text == "set":
            return self.assignment()
        if text == "unset":
            return self.unset(self.take())
        if text == "return":
            self.next("(")
            what = self.take(")")
            self.next(";")
            return self.returning(what)
        if text == "error":
            status = self.next()[1]
            return [f"return (synth({status}, {self.expression(';')}));"]
        if text == "restart":
            self.next(";")
            return ["return (restart);"]
        if text == "synthetic":
            return [f"synthetic({self.expression(';')});"]
        if text == "call":
            return [f"call {self.take()};"]
        if text == "std.collect":
            return [f"{text}{self.expression(';')};"]
        sys.exit(f"no statement: {text}")

    def take(self, end=";"):
        text = self.next()[1]
        self.next(end)
        return text

    def braced(self):
        self.next("{")
        return self.block()

    def returning(self, what):
        if self.sub == "vcl_fetch":
            # The module that keeps surrogate keys reads them here.
            return ["if (beresp.http.Surrogate-Key) { set beresp.http.xkey = beresp.http.Surrogate-Key; }", "return (deliver);"]
        if self.sub == "vcl_error":
            return ["unset resp.http.Imprint-Made;", "return (deliver);"]
        renamed = {("vcl_recv", "lookup"): "hash", ("vcl_hash", "hash"): "lookup", ("vcl_pass", "pass"): "fetch"}
        return [f"return ({renamed.get((self.sub, what), what)});"]

    def unset(self, name):
        if not name.endswith("*"):
            return [f"unset {self.name(name)};"]
        place, prefix = name[:-1].rsplit(".", 1)
        if prefix == "Imprint-":
            # Varnish's thread knows the request by these headers only, so they go to the bucket's stand-in.
            return [] if place == "bereq.http" else [f"unset {self.name(place)}.{own};" for own in self.own]
        return [f"unset {self.name(place)}.{prefix}{rest};" for rest in AMZ]

    def assignment(self):
        target, operator = self.next()[1], self.next()[1]
        ahead = [text for _, text in self.tokens[self.at:self.at + 8]]
        if ahead[0] == "table.lookup" and not ahead[4].startswith('"'):
            self.at += 8
            self.next(";")
            return self.look_up(target, ahead[2], ahead[4], ahead[6])
        value = self.expression(";")
        if operator == "+=":
            return [f"hash_data({value});"]
        return self.store(target, value)

    def store(self, target, value):
        if target in self.types:
            function = {"STRING": "set", "INTEGER": "set_int"}[self.types[target]]
            return [f'var.{function}("{target}", {value});']
        renamed = {"beresp.stale_while_revalidate": "beresp.grace", "beresp.stale_if_error": "beresp.keep"}
        if target == "beresp.cacheable":
            return ["set beresp.uncacheable = true;"] if value == "false" else []
        if target == "req.enable_segmented_caching":
            return []
        return [f"set {renamed.get(target, self.name(target))} = {value};"]

    def look_up(self, target, table, key, default):
        key, lines = self.name(key), []
        for number, (name, value) in enumerate(self.tables[table].items()):
            lines.append(f'{"else " if number else ""}if ({key} == "{name}") {{')
            lines += [*self.store(target, json.dumps(value)), "}"]
        return [*lines, "else {", *self.store(target, default), "}"] if lines else self.store(target, default)

    def name(self, name):
        if name in self.types:
            function = {"STRING": "get", "INTEGER": "get_int"}[self.types[name]]
            return f'var.{function}("{name}")'
        if self.sub in BACKEND:
            name = re.sub(r"^req\.", "bereq.", name)
        if self.sub == "vcl_error":
            name = re.sub(r"^obj\.", "resp.", name)
        return re.sub(r"\.response$", ".reason", name)

    def expression(self, end):
        """Up to a token, which is taken, too. Strings side by side are one."""
        out, joins = [], False
        while self.peek() != end:
            kind, text = self.next()
            value = kind in ("long", "short", "number") or (kind == "word" and text not in ("if",))
            if value and self.at < len(self.tokens) and self.peek() == "(" and kind == "word":
                text = self.function(text)
            elif kind == "word":
                text = self.word(text)
            if text == "(":
                text = f"({self.expression(')')})"
                value = True
            if value and joins:
                out.append("+")
            out.append(text)
            joins = value
        self.next(end)
        return " ".join(out)

    def word(self, text):
        if text == "LF":
            return '{"\n"}'
        if text == "stale.exists":
            return "false"
        return self.name(text)

    def arguments(self):
        self.next("(")
        found, depth, start = [], 0, self.at
        for position in range(self.at, len(self.tokens)):
            text = self.tokens[position][1]
            depth += (text == "(") - (text == ")")
            if depth < 0 or (depth == 0 and text == ","):
                self.tokens.insert(position, ("mark", ";;"))
                self.at = start
                found.append(self.expression(";;"))
                del self.tokens[position]
                self.at = start = position + 1
                if depth < 0:
                    return found
        sys.exit("a call does not end")

    def function(self, name):
        arguments = self.arguments()
        if name == "table.lookup":
            return json.dumps(self.tables[arguments[0]][json.loads(arguments[1])])
        if name == "urldecode":
            # Fastly's takes a plus for a blank.
            return f'blob.transcode(decoding=URL, encoding=IDENTITY, encoded=regsuball({arguments[0]}, "[+]", "%20"))'
        if name == "urlencode":
            return f"blob.transcode(decoding=IDENTITY, encoding=URL, case=UPPER, encoded={arguments[0]})"
        if name == "utf8.is_valid":
            return f'({arguments[0]} ~ {{"{UTF8}"}})'
        if name == "std.atoi":
            return f"std.integer({arguments[0]}, 0)"
        if name == "strftime":
            return f"regsub({months()}, {{\"^..., (..) (..) (....) (..):(..):(..) GMT$\"}}, {{\"\\3\\2\\1T\\4\\5\\6Z\"}})"
        if name == "digest.awsv4_hmac":
            # Varnish has no HMAC with keys of any bytes: whoever checks the signature computes it of this.
            *keys, text = arguments
            return ' + "|" + '.join(['"<hmac"', *keys, f'regsuball({text}, {{"\n"}}, "~")']) + ' + ">"'
        return f"{name}({', '.join(arguments)})"

    def assemble(self):
        subs = self.subs
        if subs["vcl_miss"][:-1] != subs["vcl_pass"][:-1]:
            sys.exit("vcl_miss and vcl_pass ask the bucket differently")
        renamed = {"vcl_fetch": "vcl_backend_response", "vcl_error": "vcl_synth"}
        asks = subs.pop("vcl_miss")
        subs.pop("vcl_pass")
        subs.pop("vcl_log")
        out = [HEAD % self.port]
        for name, lines in reversed(subs.items()):
            if name == "vcl_recv":
                lines = [PURGE, *lines]
            if name == "vcl_error":
                lines = ["if (resp.status == 299) { set resp.http.purged = req.http.purged; return (deliver); }", *lines]
            out.append("\n".join([f"sub {renamed.get(name, name)} {{", *lines, "}"]))
        out.append("\n".join(["sub vcl_backend_fetch {", *asks, "}", "sub vcl_miss { return (fetch); }", "sub vcl_pass { return (fetch); }"]))
        return "\n".join(out) + "\n"


def months():
    text = "now"
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1):
        text = f'regsub({"" if number > 1 else chr(34) * 2 + " + "}{text}, " {name} ", " {number:02d} ")'
    return text


def read(path):
    """A file with what it includes, as Fastly puts it together."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r'^include "(\w+)";$', lambda found: read(path.with_name(f"{found[1]}.vcl")), text, flags=re.MULTILINE)


def translate(path, tables, port):
    return Translation(read(path), tables, port).translate()


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        print(translate(Path(sys.argv[1]), json.load(file), 1))
