"""How moto's methods are replaced."""

import functools
from collections.abc import Callable
from typing import Any


def around(cls: type, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replaces a method by one that gets the original as its first argument."""

    def replace(mend: Callable[..., Any]) -> Callable[..., Any]:
        original = getattr(cls, name)

        @functools.wraps(original)
        def mended(self: Any, *args: Any, **kwargs: Any) -> Any:
            return mend(functools.partial(original, self), self, *args, **kwargs)

        setattr(cls, name, mended)
        return mended

    return replace


def edit_result(response: Any, call: Callable[[], Any], edit: Callable[[dict[str, Any]], None]) -> Any:
    """Lets an older handler, which writes its answer itself, have its result edited first."""
    serialized = response.serialized

    def edited(result: Any) -> Any:
        if isinstance(result.result, dict):
            edit(result.result)
        return serialized(result)

    response.serialized = edited
    try:
        return call()
    finally:
        response.serialized = serialized
