"""The private bucket as the edge sees it: S3 that checks signatures and the policy of its reader, in front of the local stack's.

The stack's own S3 knows one key that may do everything, and addresses with the bucket in the path. Here the bucket is in the
host, as imprint.vcl asks for it, the key is the reader's, and reader-policy.json says what that may read.
"""

import datetime
import fnmatch
import hashlib
import hmac
import http.client
import http.server
import json
import threading
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
READER = Credentials("AKIAREADER", "secret/of+the/reader")
POLICY = Path(__file__).parent.parent / "reader-policy.json"


def awsv4_hmac(secret, date, region, service, text):
    """What Fastly documents digest.awsv4_hmac to return."""
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return "0x" + hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def filled(authorization):
    """The header with the signature that translate.py left to be computed."""
    before, found, call = authorization.partition("<hmac|")
    if not found:
        return authorization
    *keys, text = call.removesuffix(">").split("|")
    return before + awsv4_hmac(*keys, text.replace("~", "\n")).removeprefix("0x")


def refusal(method, path, headers, now):
    """Why S3 would refuse the request, or None. The signature is computed anew by the AWS SDK for Python."""
    given = filled(headers.get("authorization", ""))
    scheme, _, rest = given.partition(" ")
    fields = dict(field.strip().split("=", 1) for field in rest.split(",") if "=" in field)
    if scheme != "AWS4-HMAC-SHA256" or set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        return "no signature"
    key, date, region, service, end = fields["Credential"].split("/")
    signed = fields["SignedHeaders"].split(";")
    unsigned = [name for name in headers if name.startswith("x-amz-") and name not in signed]
    if unsigned or "host" not in signed:
        return f"headers that are not signed: {unsigned}"
    stamp = headers["x-amz-date"]
    sent = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((now - sent).total_seconds()) > 900 or not stamp.startswith(date):
        return f"signed at another time: {stamp}"
    if (key, region, service, end) != (READER.access_key, REGION, "s3", "aws4_request"):
        return f"another key, region or service: {fields['Credential']}"
    request = AWSRequest(method, f"https://{headers['host']}{path}", headers={name: headers[name] for name in signed})
    request.context["timestamp"] = stamp
    signer = S3SigV4Auth(READER, service, region)
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    if not hmac.compare_digest(expected, fields["Signature"]):
        return "the signature does not match"
    return None


def may(action, resource):
    statements = json.loads(POLICY.read_text(encoding="utf-8"))["Statement"]
    matches = lambda pattern: fnmatch.fnmatchcase(resource, pattern.replace("BUCKET", "imprint-docs"))
    effects = {one["Effect"] for one in statements if one["Action"] == action and any(map(matches, one["Resource"]))}
    return "Allow" in effects and "Deny" not in effects


class Origin(http.server.ThreadingHTTPServer):
    """The bucket, what it was asked for, and what it shall answer instead of the truth."""

    daemon_threads = True
    # Browsers of sites open many at once.
    request_queue_size = 128

    def __init__(self, s3, bucket):
        super().__init__(("127.0.0.1", 0), Handler)
        self.s3, self.bucket = urlsplit(s3).netloc, bucket
        self.host = f"{bucket}.s3.{REGION}.amazonaws.com"
        self.requests, self.refusals, self.failures = [], [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Varnish drops connections that it has no use for."""

    def fetch(self, key, conditions):
        owner = Credentials("imprint-local", "imprint-local-secret")
        path = f"/{self.bucket}/{quote(key, safe='/~')}"
        request = AWSRequest("GET", f"http://{self.s3}{path}", headers=conditions)
        S3SigV4Auth(owner, "s3", REGION).add_auth(request)
        connection = http.client.HTTPConnection(self.s3, timeout=30)
        connection.request("GET", path, headers=dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        origin = self.server
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = unquote(self.path[1:])
        origin.requests.append(key)
        if origin.failures:
            status = origin.failures.pop(0)
            return self.give(status, [], f"<Error><Code>{status}</Code></Error>".encode())
        refused = refusal(self.command, self.path, headers, datetime.datetime.now(datetime.timezone.utc))
        refused = refused or (None if headers["host"] == origin.host else f"another bucket: {headers['host']}")
        if refused or not may("s3:GetObject", f"arn:aws:s3:::{origin.bucket}/{key}"):
            origin.refusals.append(f"{self.path}: {refused or 'the policy denies it'}")
            return self.give(403, [], b"<Error><Code>AccessDenied</Code></Error>")
        conditions = {name: headers[name] for name in ("if-none-match", "if-modified-since", "range") if name in headers}
        status, answered, body = origin.fetch(key, conditions)
        if status == 404 and not may("s3:ListBucket", f"arn:aws:s3:::{origin.bucket}"):
            status = 403
        return self.give(status, answered, body)

    do_HEAD = do_GET

    def give(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "date", "transfer-encoding"):
                self.send_header(name, value)
        for name, value in (("Server", "AmazonS3"), ("x-amz-request-id", "4442587FB7D0A2F9"), ("x-amz-id-2", "x")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
