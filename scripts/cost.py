#!/usr/bin/env python3
"""What an installation costs a month, from counts that were measured and AWS's list prices.

cost.py                        prints the tables
cost.py --check docs/cost.md   fails when the page says something else
cost.py --write docs/cost.md   puts the tables into the page, between its marks
cost.py --products 300 --publishes 5 [--files 400] [--changed 0.1] …   the month of another installation

Memory, schedules, alarms and the like are read from template.yaml; counts and prices are the tables below. A count says where
it is from: a test that asserts it, or a measurement on the local stack (docs/cost.md says how).
"""

import argparse
import re
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DAYS = 30
MINUTES = DAYS * 24 * 60

# --- prices ---------------------------------------------------------------------------------------------------

# What, dollars, for how many, what is free each month for ever, the page, and where and when it was looked up.
# AWS's own pages load their numbers with scripts, so most were looked up on pages that quote them.
AWS = "https://aws.amazon.com"
PRICES = {
    "lambda requests": (0.20, 1e6, 1e6, f"{AWS}/lambda/pricing/", "cloudchipr.com/blog/aws-lambda-pricing, 2024"),
    "lambda GB-s, arm64": (0.0000133334, 1, 400_000, f"{AWS}/lambda/pricing/", "cloudchipr.com/blog/aws-lambda-pricing, 2024"),
    "lambda GB-s, x86_64": (0.0000166667, 1, 400_000, f"{AWS}/lambda/pricing/", "cloudchipr.com/blog/aws-lambda-pricing, 2024"),
    "S3 PUT, COPY, POST, LIST": (0.005, 1e3, 0, f"{AWS}/s3/pricing/", "devnotes.tech, undated"),
    "S3 GET and others": (0.0004, 1e3, 0, f"{AWS}/s3/pricing/", "devnotes.tech, undated"),
    "S3 GB-month": (0.023, 1, 0, f"{AWS}/s3/pricing/", "devnotes.tech, undated"),
    "DynamoDB write units": (0.625, 1e6, 0, f"{AWS}/dynamodb/pricing/on-demand/", "airbyte.com, July 2025"),
    "DynamoDB read units": (0.125, 1e6, 0, f"{AWS}/dynamodb/pricing/on-demand/", "airbyte.com, July 2025"),
    "DynamoDB GB-month": (0.25, 1, 25, f"{AWS}/dynamodb/pricing/on-demand/", "AWS's page, undated copy"),
    "DynamoDB recovery, GB-month": (0.20, 1, 0, f"{AWS}/dynamodb/pricing/on-demand/", None),
    "SQS standard": (0.40, 1e6, 1e6, f"{AWS}/sqs/pricing/", "cloudburn.io/blog/amazon-sqs-pricing, March 2026"),
    "SQS FIFO": (0.50, 1e6, 0, f"{AWS}/sqs/pricing/", "cloudburn.io/blog/amazon-sqs-pricing, March 2026"),
    "HTTP API requests": (1.00, 1e6, 0, f"{AWS}/api-gateway/pricing/", "awsforengineers.com, May 2025"),
    "logs, GB written": (0.50, 1, 5, f"{AWS}/cloudwatch/pricing/", "factualminds.com, June 2026"),
    "logs, GB-month kept": (0.03, 1, 0, f"{AWS}/cloudwatch/pricing/", None),
    "alarms": (0.10, 1, 10, f"{AWS}/cloudwatch/pricing/", "c3x.dev, undated; free ones: AWS's page"),
    "metrics of our own": (0.30, 1, 10, f"{AWS}/cloudwatch/pricing/", "signoz.io, February 2026; free ones: AWS's page"),
    "CloudWatch dashboards": (3.00, 1, 3, f"{AWS}/cloudwatch/pricing/", "factualminds.com, June 2026; free ones: AWS's page"),
    "secrets": (0.40, 1, 0, f"{AWS}/secrets-manager/pricing/", "hivebook.wiki, undated"),
    "hosted zones": (0.50, 1, 0, f"{AWS}/route53/pricing/", "ns1.com/resources/aws-dns, undated"),
    "DNS queries": (0.40, 1e6, 0, f"{AWS}/route53/pricing/", None),
    "traces": (5.00, 1e6, 100_000, f"{AWS}/xray/pricing/", "AWS's page (German), undated copy"),
    "GB out of AWS": (0.09, 1, 100, f"{AWS}/ec2/pricing/on-demand/#Data_Transfer", "devnotes.tech, undated; free ones not checked"),
    "Fastly requests": (0.0075, 1e4, 0, "https://www.fastly.com/pricing", "ioriver.io, undated"),
    "Fastly GB": (0.12, 1, 0, "https://www.fastly.com/pricing", "ioriver.io, undated"),
}
# Whoever uses less pays this (https://docs.fastly.com/en/guides/about-the-charges-on-your-bill, read in a copy).
FASTLY_LEAST = 50.0

# Which lines of a bill belong together. What is sent to Fastly is the bucket's, and billed with it.
SERVICES = {
    "Lambda": ["lambda requests", "lambda GB-s, arm64", "lambda GB-s, x86_64"],
    "S3 requests": ["S3 PUT, COPY, POST, LIST", "S3 GET and others"],
    "S3 storage": ["S3 GB-month"],
    "DynamoDB": ["DynamoDB write units", "DynamoDB read units", "DynamoDB GB-month", "DynamoDB recovery, GB-month"],
    "SQS": ["SQS standard", "SQS FIFO"],
    "API Gateway": ["HTTP API requests"],
    "CloudWatch": ["logs, GB written", "logs, GB-month kept", "alarms", "metrics of our own", "CloudWatch dashboards"],
    "Secrets Manager": ["secrets"],
    "Route 53": ["hosted zones", "DNS queries"],
    "X-Ray": ["traces"],
    "Data transfer": ["GB out of AWS"],
    "Fastly": ["Fastly requests", "Fastly GB"],
}


# --- what is deployed -----------------------------------------------------------------------------------------

@dataclass
class Function:
    memory: int = 128
    runs: int = 0  # a month, by its schedule
    fifo: bool = False
    capped: bool = False
    queue: bool = False


@dataclass
class Template:
    """What of template.yaml costs something. Read line by line, as it is written: there is no YAML in the standard library."""

    functions: dict
    alarms: int
    secrets: int
    dashboards: int


def read_template(path=PROJECT / "template.yaml"):
    functions, current, kinds = {}, None, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"  \w+:$", line):
            current = None
        if found := re.match(r"    Type: (AWS::[\w:]+)$", line):
            kinds.append(found[1])
        if found := re.match(r"      CodeUri: functions/([\w-]+)$", line):
            current = functions.setdefault(found[1], Function())
        if current is None:
            continue
        if found := re.match(r"      MemorySize: (\d+)$", line):
            current.memory = int(found[1])
        if found := re.match(r"            Queue: !GetAtt (\w+)\.Arn$", line):
            current.queue, current.fifo = True, is_fifo(path, found[1])
        if re.match(r"              MaximumConcurrency: \d+$", line):
            current.capped = True
        if found := re.match(r"            Schedule: rate\((\d+) (minute|hour|day)s?\)$", line):
            current.runs += MINUTES // (int(found[1]) * {"minute": 1, "hour": 60, "day": 1440}[found[2]])
    count = kinds.count
    return Template(functions, count("AWS::CloudWatch::Alarm"), count("AWS::SecretsManager::Secret"),
                    count("AWS::CloudWatch::Dashboard"))


def is_fifo(path, queue):
    own = re.search(rf"^  {queue}:\n((?:    .*\n|\n)+)", path.read_text(encoding="utf-8"), re.M)
    return "FifoQueue: true" in own[1]


# --- what a publication takes -----------------------------------------------------------------------------------

class Count:
    """So many, and so many more for each object of the upload, each file that is new or another, each file that is copied."""

    def __init__(self, fixed=0.0, file=0.0, changed=0.0, copied=0.0):
        self.shares = fixed, file, changed, copied

    def of(self, files=0.0, changed=0.0, copied=0.0):
        return sum(share * many for share, many in zip(self.shares, (1, files, changed, copied)))


@dataclass
class Step:
    """One function's part: invocations, milliseconds of all of them, S3 requests that write and that read, DynamoDB's units,
    requests that send messages to standard and to FIFO queues."""

    runs: float
    ms: Count
    puts: Count = Count()
    gets: Count = Count()
    writes: float = 0
    reads: float = 0
    sends: float = 0
    sends_fifo: float = 0


# Everything but the milliseconds is measured, and the same for sites of 100 and of 300 files once what grows with them is taken
# out. Milliseconds are estimates: 20 for an S3 request (64 at once), 5 for one to the table, 8 for one to a queue, and what the
# benches say of the processor, on the share of one that the memory of the function buys.
STEPS = {
    # GET /token, POST builds, PATCH. The uploads are the client's, by the forms that it gave: see UPLOADS.
    "api": Step(3, Count(350), writes=23, reads=8, sends=1),
    # The files are listed, new ones are asked for their headers; then which editions move; then what comes too late.
    "register-build": Step(3, Count(500, 0.05, 0.35), Count(3), Count(6, 0, 1), writes=40, reads=10, sends=3, sends_fifo=1),
    # Archive, texts and Markdown. Each try of the three to be first that is lost costs its units, too: half of 15.
    "derive-format": Step(3, Count(500, 4.2), Count(7), Count(5, 2), writes=22, reads=11),
    "index-search": Step(1, Count(250, 1.3), Count(2), Count(3, 0.5), writes=8, reads=4, sends=1),
    # The file, its Markdown and its part of the index; parts of the index that all pages share.
    "copy-edition": Step(1, Count(250, 0.15, 0, 1.0), Count(8, 0.17, 0, 2), Count(4), writes=14, reads=4, sends=1),
    "purge-cdn": Step(1, Count(130), writes=12, reads=2, sends_fifo=1),
    "render-dashboard": Step(1, Count(300), Count(9), writes=3, reads=6),
}
# What they are where no format is made of the pages: one function less to wait for, nothing but the files to copy.
WITHOUT_FORMATS = {
    "register-build": Step(1, Count(300, 0.05, 0.35), Count(2), Count(1, 0, 1), writes=16, reads=3, sends_fifo=1),
    "derive-format": Step(0, Count()),
    "index-search": Step(0, Count()),
    "copy-edition": Step(1, Count(250, 0.05, 0, 0.5), Count(1, 0, 0, 1), Count(2), writes=14, reads=3, sends=1),
}
# A form's POST for each file, each directory, and the top.
UPLOADS = Count(1, 1)

# One run of what runs by the clock, of a stack in which nothing is to be done. The sweep lists one edition, a page of 1,000 objects
# a request, of which formats make 2.1 a file.
IDLE = {
    "sweep": Step(1, Count(120), Count(1, 0.0021), Count(2), writes=1, reads=7),
    "retain": Step(1, Count(100), writes=1, reads=6),
    "render-document": Step(1, Count(80), Count(1), writes=1, reads=5),
}
# What a product adds to a run of retain, without its builds.
RETAINED = Step(0, Count(20), reads=4)


# --- what is published -------------------------------------------------------------------------------------------

@dataclass
class Load:
    """What an installation has to do. The defaults are a middling Sphinx site."""

    products: int = 0
    publishes: float = 20  # of each product, a day
    files: int = 1000  # of a site; half of them are pages
    directories: int = 50  # each is one more object, which leads to its page
    file_kb: float = 25
    changed: float = 0.10  # share of files that are others than in the build before
    new: float = 0.05  # share of publications that begin an edition: all of it is copied
    editions: int = 20  # of a product, that are kept
    formats: bool = True  # `derive`: archive, texts, Markdown, search
    kept_days: float = 30  # of builds, by the rules of retention; the default keeps all
    views: float = 500  # of a product, a day
    objects: float = 6  # of a view that the reader's browser does not have yet
    object_kb: float = 20
    hits: float = 0.90  # of the CDN
    memory: float = 1.0  # times what the template says
    traced: bool = True
    architecture: str = "arm64"
    sweep: float = 1.0  # times as often as the template says
    capped: bool = True  # MaximumConcurrency

    @property
    def month(self):
        """Publications a month."""
        return self.products * self.publishes * DAYS

    @property
    def built(self):
        """Objects of an upload."""
        return self.files + self.directories


# --- a month --------------------------------------------------------------------------------------------------------

# Lambda polls a queue with so many connections at least: "as few as 2", and five where MaximumConcurrency is set, as
# that switches the saving off (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). Each asks for 20 s.
POLLERS, POLLERS_CAPPED, POLLS = 2, 5, MINUTES * 3
# Lines of Lambda's and of ours for an invocation. Assumed; LogLevel=debug is several times that.
LOG_KB = 1.5
LOGS_KEPT = 1.0  # months: RetentionInDays is 30
# X-Ray samples the first invocation of each second and one in twenty of the others, of each function.
SAMPLED = 0.05
FORM_KB = 4  # of the answer with the forms, for each directory: 2.2 measured, and twice the token of a role's session
DERIVED_SHARE = 0.5  # archive, texts and index of a build, as a share of its size; assumed
ITEMS_KB = 2.5  # of a build in the table: itself, its names, its task, its move; measured
BUILD_KB = 1.0  # of the build's own item; measured
RETAINED_AT_ONCE = 400  # products in one run of retain: PAGE * PAGES of app::retention::walk
METRICS = 40  # that the functions write themselves (ARCHITECTURE, Telemetry)


def usage(load, template):
    """What is billed, by the name of its price."""
    used = {price: 0.0 for price in PRICES}
    begun = load.month * load.new
    changed = load.files * load.changed
    for name, function in template.functions.items():
        runs = ms = 0.0
        for share, copied in ((load.month - begun, changed), (begun, load.files)):
            step = (STEPS if load.formats else STEPS | WITHOUT_FORMATS).get(name)
            if not step:
                continue
            runs += share * step.runs
            ms += share * step.ms.of(load.built, changed, copied)
            used["S3 PUT, COPY, POST, LIST"] += share * step.puts.of(load.built, changed, copied)
            used["S3 GET and others"] += share * step.gets.of(load.built, changed, copied)
            used["DynamoDB write units"] += share * step.writes
            used["DynamoDB read units"] += share * step.reads
            used["SQS standard"] += share * step.sends
            used["SQS FIFO"] += share * step.sends_fifo
        if function.queue:
            # A message is received and deleted, beside those that were asked for and did not come.
            pollers = POLLERS_CAPPED if function.capped and load.capped else POLLERS
            used["SQS FIFO" if function.fifo else "SQS standard"] += 2 * runs + pollers * POLLS
        if scheduled := IDLE.get(name):
            times = function.runs * (load.sweep if name == "sweep" else 1)
            runs += times
            ms += times * scheduled.ms.of()
            used["S3 PUT, COPY, POST, LIST"] += times * scheduled.puts.of(load.files if load.products else 0)
            used["S3 GET and others"] += times * scheduled.gets.of()
            used["DynamoDB write units"] += times * scheduled.writes
            used["DynamoDB read units"] += times * scheduled.reads
        used["lambda requests"] += runs
        used[f"lambda GB-s, {load.architecture}"] += ms / 1000 * function.memory / 1024 * load.memory
        if load.traced:
            used["traces"] += traces(runs)
        used["logs, GB written"] += runs * LOG_KB / 1e6
    of_all(load, template, used)
    return used


def traces(runs):
    a_second = runs / (MINUTES * 60)
    return runs if a_second <= 1 else runs / a_second * (1 + SAMPLED * (a_second - 1))


def of_all(load, template, used):
    """What belongs to no function's run, or to more than one."""
    kept_builds = load.products * load.publishes * load.kept_days
    build_gb = load.files * load.file_kb / 1e6 * (1 + (DERIVED_SHARE if load.formats else 0))
    editions_gb = load.products * load.editions * build_gb
    used["S3 GB-month"] += kept_builds * build_gb + editions_gb
    table_gb = kept_builds * ITEMS_KB / 1e6
    used["DynamoDB GB-month"] += table_gb
    used["DynamoDB recovery, GB-month"] += table_gb
    # Retention reads all builds of a product each time that it comes by.
    rounds = min(load.products, RETAINED_AT_ONCE) * template.functions["retain"].runs
    used["DynamoDB read units"] += rounds * (RETAINED.reads + load.publishes * load.kept_days * BUILD_KB / 4)
    used[f"lambda GB-s, {load.architecture}"] += rounds * RETAINED.ms.of() / 1000 * template.functions["retain"].memory / 1024
    used["S3 PUT, COPY, POST, LIST"] += load.month * UPLOADS.of(load.built)
    used["HTTP API requests"] += load.month * STEPS["api"].runs
    used["logs, GB-month kept"] += used["logs, GB written"] * LOGS_KEPT
    used["alarms"] += template.alarms
    # One that nothing is written to costs nothing.
    used["metrics of our own"] += METRICS if load.month else 0
    used["CloudWatch dashboards"] += template.dashboards
    used["secrets"] += template.secrets + 1  # FastlySecret
    views = load.products * load.views * DAYS
    served = views * load.objects
    used["Fastly requests"] += served
    used["Fastly GB"] += served * load.object_kb / 1e6
    used["S3 GET and others"] += served * (1 - load.hits)
    used["GB out of AWS"] += served * (1 - load.hits) * load.object_kb / 1e6 + load.month * load.directories * FORM_KB / 1e6


def dollars(price, amount, free):
    each, many, spared = PRICES[price][:3]
    return max(0.0, amount - (spared if free else 0)) / many * each


def bill(load, template, free=False):
    """Dollars by service. `free` takes off what is free each month for ever, as if nothing else were in the account."""
    used = usage(load, template)
    # One free amount for both processors.
    total = {service: sum(dollars(price, used[price], free) for price in prices) for service, prices in SERVICES.items()}
    total["Fastly"] = max(total["Fastly"], FASTLY_LEAST)
    return total


# --- tables -----------------------------------------------------------------------------------------------------------

IDLE_MONTH = Load()
HUNDRED = Load(products=100)
MANY = Load(products=1500)
LOADS = {"nothing at all": IDLE_MONTH, "100 products": HUNDRED, "1,500 products": MANY}


def money(amount):
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def number(amount):
    if amount >= 1e6:
        return f"{amount / 1e6:,.1f} M"
    if amount >= 1e4:
        return f"{amount / 1e3:,.0f} k"
    return f"{amount:,.0f}" if amount >= 10 or amount == int(amount) else f"{amount:.2g}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def month_table(template):
    bills = [bill(load, template) for load in LOADS.values()]
    rows = [[service, *(money(each[service]) for each in bills)] for service in SERVICES]
    aws = [sum(cost for service, cost in each.items() if service != "Fastly") for each in bills]
    freed = [bill(load, template, free=True) for load in LOADS.values()]
    rows.append(["**AWS**", *(f"**{money(total)}**" for total in aws)])
    spared = [sum(cost for service, cost in each.items() if service != "Fastly") for each in freed]
    rows.append(["AWS, less what is free for ever", *map(money, spared)])
    rows.append(["of AWS for one publication, in cents", *(f"{100 * (total - aws[0]) / load.month:.2f}" if load.month else "–"
                                                           for total, load in zip(aws, LOADS.values()))])
    return table(["dollars a month", *LOADS], rows)


def usage_table(template):
    amounts = [usage(load, template) for load in LOADS.values()]
    rows = [[price, *(number(each[price]) for each in amounts)] for price in PRICES if any(each[price] for each in amounts)]
    return table(["a month", *LOADS], rows)


# What somebody could change, and the load it makes of one.
CHANGES = [
    ("5 publications a day, not 20", dict(publishes=5)),
    ("sites of 200 files, not 1,000", dict(files=200, directories=10)),
    ("2 % of the files change, not 10 %", dict(changed=0.02)),
    ("all files change, as with a date on each page", dict(changed=1.0)),
    ("builds kept for 7 days, not 30", dict(kept_days=7)),
    ("builds kept for 365 days", dict(kept_days=365)),
    ("`derive: []`: no archive, texts, Markdown, search", dict(formats=False)),
    ("`Tracing: PassThrough`: no traces", dict(traced=False)),
    ("functions with twice the memory, as fast as before", dict(memory=2.0)),
    ("`Architecture=x86_64`, as fast as before", dict(architecture="x86_64")),
    ("the CDN hits 98 %, not 90 %", dict(hits=0.98)),
    ("`sweep` every five minutes", dict(sweep=0.2)),
    ("no `MaximumConcurrency`", dict(capped=False)),
]


def changes_table(template):
    def of(load):
        each = bill(load, template)
        return sum(each.values()) - each["Fastly"], each["Fastly"]

    before, rows = {name: of(LOADS[name]) for name in ("nothing at all", "1,500 products")}, []
    for what, changed in CHANGES:
        after = {name: of(replace(LOADS[name], **changed)) for name in before}
        rows.append([what, *(signed(after[name][0] - before[name][0]) for name in before)])
    return table(["what is changed", *(f"{name}, dollars of AWS" for name in before)], rows)


def signed(amount):
    return "0" if abs(amount) < 0.005 else f"{'+' if amount > 0 else '−'}{money(abs(amount))}"


def steps_table(template):
    """What the functions do of one publication of the defaults, which begins no edition."""
    load = Load(products=1)
    changed, uploads = load.files * load.changed, UPLOADS.of(load.built)
    cents = 100 * dollars("S3 PUT, COPY, POST, LIST", uploads, False)
    rows = [["the client's uploads", "", "", "", number(uploads), "", "", "", "", f"{cents:.3f}"]]
    for name, step in STEPS.items():
        memory = template.functions[name].memory
        ms = step.ms.of(load.built, changed, changed)
        puts, gets = (count.of(load.built, changed, changed) for count in (step.puts, step.gets))
        cents = 100 * sum(dollars(price, amount, False) for price, amount in (
            ("lambda requests", step.runs), ("lambda GB-s, arm64", ms / 1000 * memory / 1024),
            ("S3 PUT, COPY, POST, LIST", puts), ("S3 GET and others", gets),
            ("DynamoDB write units", step.writes), ("DynamoDB read units", step.reads),
            ("SQS standard", step.sends), ("SQS FIFO", step.sends_fifo)))
        rows.append([name, number(step.runs), number(ms), memory, number(puts), number(gets), number(step.writes),
                     number(step.reads), number(step.sends + step.sends_fifo), f"{cents:.3f}"])
    return table(["of one publication", "runs", "ms", "MB", "S3 writes", "S3 reads", "write units", "read units", "messages sent",
                  "cents"], rows)


def load_table():
    said = {
        "publishes": "publications of a product, a day", "files": "files of a site; half of them are pages",
        "directories": "its directories; each is an object more", "file_kb": "KB of a file",
        "changed": "share of the files that differ from the build before", "new": "share of publications that begin an edition",
        "editions": "editions of a product that are kept", "kept_days": "days that builds are kept, by the rules of retention",
        "views": "pages of a product that are read, a day", "objects": "objects of a page that the browser does not have",
        "object_kb": "KB of such an object", "hits": "share of these that the CDN has",
    }
    defaults = {field.name: field.default for field in fields(Load)}
    return table(["of a load", ""], [[what, f"{defaults[name]:,}"] for name, what in said.items()])


def prices_table():
    rows = [[price, f"{each:.10f}".rstrip("0").rstrip("."), f"{many:,.0f}", f"{spared:,.0f}" if spared else "", page.removeprefix("https://"),
             looked or "not checked"] for price, (each, many, spared, page, looked) in PRICES.items()]
    return table(["price", "dollars", "for", "free a month", "page", "looked up on"], rows)


def tables():
    template = read_template()
    return {"load": load_table(), "month": month_table(template), "publication": steps_table(template),
            "changes": changes_table(template), "usage": usage_table(template), "prices": prices_table()}


def with_tables(page):
    """The page with each table between its marks. A mark without a table, or the other way round, is a mistake."""
    made = tables()

    def put(found):
        return f"<!-- cost.py: {found[1]} -->\n{made.pop(found[1])}\n<!-- end -->"

    page = re.sub(r"<!-- cost\.py: (\w+) -->\n.*?<!-- end -->", put, page, flags=re.S)
    if made:
        sys.exit(f"the page has no place for {', '.join(made)}")
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", type=Path, metavar="PAGE")
    parser.add_argument("--write", type=Path, metavar="PAGE")
    for field in fields(Load):
        if field.type in (int, float):
            parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)
    asked = parser.parse_args()
    page = asked.check or asked.write
    if page:
        before = page.read_text(encoding="utf-8")
        after = with_tables(before)
        if asked.write:
            page.write_text(after, encoding="utf-8")
        elif before != after:
            sys.exit(f"{page} and scripts/cost.py differ: scripts/cost.py --write {page}")
        return
    load = Load(**{field.name: getattr(asked, field.name) for field in fields(Load) if hasattr(asked, field.name)})
    if load != Load():
        LOADS["this one"] = load
    for name, text in tables().items():
        print(f"{name}\n\n{text}\n")


if __name__ == "__main__":
    main()
