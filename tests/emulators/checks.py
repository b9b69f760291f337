"""Checks requests against AWS's API models, which the package botocore ships.

An emulator accepts much that AWS refuses: a name that is too long, a value that no enum has. What is checked
here is what AWS's own front door checks first: required members, patterns, lengths, ranges and enums.
"""

import functools
import re
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

# The name of a service in botocore, by the name it signs with.
SERVICES = {
    "ec2": "ec2",
    "autoscaling": "autoscaling",
    "elasticloadbalancing": "elbv2",
    "s3": "s3",
    "cloudfront": "cloudfront",
    "iam": "iam",
    "monitoring": "cloudwatch",
    "sqs": "sqs",
    "sts": "sts",
    "tagging": "resourcegroupstaggingapi",
}

# What a service is called in `service:Operation`, where that is not the name it signs with.
SPOKEN = {"monitoring": "cloudwatch", "tagging": "tag"}

# Patterns of the models that AWS itself does not apply, each with what it accepts all the same.
LOOSE_PATTERNS: set[tuple[str, str]] = set()

# Java's character classes, as members of one of Python's.
CLASSES = {
    r"\p{L}": r"\w",
    r"\p{M}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{S}": r"$+<=>^`|~",
    r"\p{P}": r"!-#%-*,-/:;?@\[-\]_{}",
    r"\p{Graph}": r"!-~",
    r"\p{Print}": r" -~",
    r"\p{Alnum}": r"A-Za-z0-9",
}


@dataclass
class Call:
    """One request, as the API model reads it."""

    service: str
    operation: str
    params: dict[str, Any]
    problems: list[str]

    @property
    def name(self) -> str:
        return f"{SPOKEN.get(self.service, self.service)}:{self.operation}"


def read(service: str, request: Any) -> Call | None:
    """Returns the call that a request makes: none if the service is not one of ours."""
    if service not in SERVICES:
        return None
    model = get_service_model(SERVICES[service])
    operation, uri_params = _operation(SERVICES[service], model, request)
    if operation is None:
        return Call(service, "?", {}, [f"{request.method} {request.path} is no operation of {service}"])
    protocol = determine_request_protocol(model, request.content_type)
    parsed = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data(cache=True, parse_form_data=False),
            "url_path": request.path,
            "url_params": uri_params,
        }
    )
    return Call(service, operation.name, parsed, problems(operation, parsed))


def _operation(name: str, model: Any, request: Any) -> tuple[OperationModel | None, dict[str, str]]:
    target = request.headers.get("X-Amz-Target")
    action = target.rpartition(".")[2] if target else request.values.get("Action")
    if action:
        return (model.operation_model(action) if action in model.operation_names else None), {}
    try:
        operation, uri_params = get_service_router(name).match(request)
    except Exception:  # noqa: BLE001: the router says "no such operation" in several ways
        return None, {}
    return model.operation_model(operation.name), uri_params


def problems(operation: OperationModel, params: dict[str, Any]) -> list[str]:
    """Returns what AWS's front door would refuse in these parameters, as sentences."""
    if operation.input_shape is None:
        return []
    found: list[str] = []
    _check(operation.input_shape, params, operation.name, found)
    return found


def _check(shape: Shape, value: Any, path: str, found: list[str]) -> None:
    if isinstance(shape, StructureShape):
        _check_structure(shape, value, path, found)
    elif isinstance(shape, ListShape):
        _check_size(shape, len(value), "elements", path, found)
        for index, item in enumerate(value):
            _check(shape.member, item, f"{path}[{index}]", found)
    elif isinstance(shape, MapShape):
        _check_size(shape, len(value), "entries", path, found)
        for key, item in value.items():
            _check(shape.key, key, f"{path}.{key} (the key)", found)
            _check(shape.value, item, f"{path}.{key}", found)
    elif isinstance(shape, StringShape) and isinstance(value, str):
        _check_text(shape, value, path, found)
    elif shape.type_name in ("integer", "long", "float", "double") and not isinstance(value, bool):
        _check_size(shape, value, None, path, found)


def _check_structure(shape: StructureShape, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, dict):
        return
    found.extend(f"{path}.{name} is required" for name in shape.required_members if value.get(name) is None)
    for name, item in value.items():
        if name in shape.members and item is not None:
            _check(shape.members[name], item, f"{path}.{name}", found)


def _check_text(shape: StringShape, value: str, path: str, found: list[str]) -> None:
    _check_size(shape, len(value), "characters", path, found)
    if shape.enum and value not in shape.enum:
        found.append(f"{path} is {value!r}, which is none of {', '.join(shape.enum)}")
    pattern = shape.metadata.get("pattern")
    if pattern and (shape.name, pattern) not in LOOSE_PATTERNS:
        compiled = _compile(pattern)
        if compiled and not compiled.fullmatch(value):
            found.append(f"{path} is {value!r}, which does not match {pattern}")


def _check_size(shape: Shape, size: float, unit: str | None, path: str, found: list[str]) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    what = f"has {size} {unit}" if unit else f"is {size}"
    if least is not None and size < least:
        found.append(f"{path} {what}, and {least} is the least")
    if most is not None and size > most:
        found.append(f"{path} {what}, and {most} is the most")


@functools.cache
def _compile(pattern: str) -> re.Pattern[str] | None:
    """Returns the pattern of a model in Python's syntax: none if it cannot be said there."""
    pattern = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda m: re.escape(chr(int(m[1], 16))), pattern)
    for name, members in CLASSES.items():
        pattern = pattern.replace(name, members)
    try:
        return re.compile(pattern)
    except re.error:
        return None
