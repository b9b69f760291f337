"""The door in front of the emulators: one endpoint for all services.

Every request is checked against AWS's API models and recorded, and then served: by moto in this process, or by
another emulator at the address that `--route` names for its service. The tagging API asks all of them.

A client's access key is its account, as MiniStack and LocalStack have it too: each test takes another account
and sees nothing of the others.

`GET /_front/requests?account=123456789012` returns the account's requests so far, one JSON object a line.
The first line on standard output is the port, once everything behind the door is warm.
"""

import argparse
import http.client
import json
import os
import re
import sys
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import leash

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

import checks  # noqa: E402: moto reads its settings when it is imported
import mends  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    BackendRequest,
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server  # noqa: E402
from werkzeug.wsgi import get_input_stream  # noqa: E402

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
# What this door strips of an answer that it passes on: it writes its own.
HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Handler(MotoRequestHandler):
    """Serves without a line in the log for each request."""

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        pass


class Front:
    def __init__(self, routes: dict[str, str]) -> None:
        self.routes = routes
        self.moto = DomainDispatcherApplication(create_backend_app)
        # moto is not made for several threads, and one at a time is as fast.
        self.moto_lock = threading.Lock()
        self.records: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/_front/requests":
            return self.show(environ, start_response)
        body = get_input_stream(environ).read()
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        account, _, service = who(environ)
        record = self.record(account, service, environ, body)
        environ["wsgi.input"] = BytesIO(body)

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            record["status"] = int(status.split()[0])
            return start_response(status, headers, *rest)

        if service in self.routes:
            return answer(*forward(self.routes[service], environ, body), started)
        if service == "tagging" and self.routes:
            return self.merge(environ, body, started)
        return self.serve(environ, started)

    def serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self.moto_lock:
            try:
                return list(self.moto(environ, start_response))
            except Exception as error:  # noqa: BLE001: whatever it is, the test has to see it
                traceback.print_exc()
                return answer(*failure(error), start_response)

    def merge(self, environ: dict[str, Any], body: bytes, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers GetResources with what all emulators have: in AWS one index knows all services."""
        answers = [json.loads(b"".join(self.serve(environ, lambda *_: None)))]
        for url in sorted(set(self.routes.values())):
            status, _, content = forward(url, environ, body)
            if status.startswith("200"):
                answers.append(json.loads(content))
        found = {each["ResourceARN"]: each for one in answers for each in one.get("ResourceTagMappingList", [])}
        merged = {"PaginationToken": "", "ResourceTagMappingList": list(found.values())}
        headers = [("Content-Type", "application/x-amz-json-1.1")]
        return answer("200 OK", headers, json.dumps(merged).encode(), start_response)

    def record(self, account: str, service: str, environ: dict[str, Any], body: bytes) -> dict[str, Any]:
        request = BackendRequest({**environ, "wsgi.input": BytesIO(body)})
        try:
            call = checks.read(service, request)
            record = {"call": call.name, "problems": call.problems} if call else {"call": service, "problems": []}
        except Exception as error:  # noqa: BLE001: whatever it is, the test has to see it
            record = {"call": service, "problems": [f"unreadable by its API model: {error!r}"]}
        record |= {"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"], "status": 0}
        self.records[account].append(record)
        return record

    def show(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        account = environ["QUERY_STRING"].removeprefix("account=")
        lines = "".join(json.dumps(record) + "\n" for record in list(self.records[account])).encode()
        start_response("200 OK", [("Content-Type", "application/x-ndjson"), ("Content-Length", str(len(lines)))])
        return [lines]


def who(environ: dict[str, Any]) -> tuple[str, str, str]:
    """Returns account, region and service of a signed request."""
    found = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (found[1], found[2], found[3]) if found else ("", "", "")


def forward(url: str, environ: dict[str, Any], body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
    """Passes a request on to another emulator. Returns status, headers and body of its answer."""
    to = urlsplit(url)
    connection = http.client.HTTPConnection(to.hostname or "", to.port, timeout=120)
    target = environ.get("RAW_URI") or environ["PATH_INFO"]
    headers = {
        name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    headers |= {"Content-Length": str(len(body)), "Connection": "close"}
    connection.request(environ["REQUEST_METHOD"], target, body, headers)
    answered = connection.getresponse()
    content = answered.read()
    connection.close()
    kept = [(name, value) for name, value in answered.getheaders() if name.lower() not in HOP_HEADERS]
    # The length of a HEAD's answer is a fact about the object, not about this answer.
    if environ["REQUEST_METHOD"] == "HEAD" and (length := answered.getheader("Content-Length")):
        kept.append(("Content-Length", length))
    return f"{answered.status} {answered.reason}", kept, content


def failure(error: Exception) -> tuple[str, list[tuple[str, str]], bytes]:
    """Returns an answer that says that moto itself failed, and that no client repeats."""
    detail = f"<Error><Code>EmulatorFailed</Code><Message>{escape(repr(error))}</Message></Error>"
    body = f"<Response><Errors>{detail}</Errors>{detail}<RequestID>0</RequestID></Response>"
    return "400 Bad Request", [("Content-Type", "text/xml")], body.encode()


def answer(
    status: str, headers: list[tuple[str, str]], body: bytes, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    if not any(name.lower() == "content-length" for name, _ in headers):
        headers = [*headers, ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


def warm(front: Front, services: Iterable[str]) -> None:
    """Loads the backends: the first call of each takes seconds."""
    for service in services:
        method, path, headers, body = WARM_UPS[service]
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "127.0.0.1",
            "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential="
            f"000000000000/20200101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body.encode()),
            "wsgi.errors": sys.stderr,
            **headers,
        }
        for _ in front(environ, lambda *_: None):
            pass


def _query(action: str, version: str = "") -> tuple[str, str, dict[str, str], str]:
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
    return "POST", "/", form, f"Action={action}&Version={version}"


def _json(target: str, version: str) -> tuple[str, str, dict[str, str], str]:
    return "POST", "/", {"CONTENT_TYPE": f"application/x-amz-json-{version}", "HTTP_X_AMZ_TARGET": target}, "{}"


# By signing name: method, path, headers and body of a cheap call.
WARM_UPS = {
    "ec2": _query("DescribeVpcs"),
    "autoscaling": _query("DescribeAutoScalingGroups"),
    "elasticloadbalancing": _query("DescribeLoadBalancers", "2015-12-01"),
    "iam": _query("ListRoles"),
    "monitoring": _query("DescribeAlarms"),
    "sts": _query("GetCallerIdentity"),
    "s3": ("GET", "/", {}, ""),
    "cloudfront": ("GET", "/2020-05-31/distribution", {}, ""),
    "sqs": _json("AmazonSQS.ListQueues", "1.0"),
    "tagging": _json("ResourceGroupsTaggingAPI_20170126.GetResources", "1.1"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--route", action="append", default=[], metavar="SERVICE=URL")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--no-leash", action="store_true", help="go on when standard input closes")
    arguments = parser.parse_args()
    if not arguments.no_leash:
        leash.hold()
    routes = dict(route.split("=", 1) for route in arguments.route)
    mends.apply()
    front = Front(routes)
    warm(front, [service for service in WARM_UPS if service not in routes])
    server = make_server("127.0.0.1", arguments.port, front, threaded=True, request_handler=Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
