"""The tagging API: GetResources sees what a service tags."""


def apply() -> None:
    pass
