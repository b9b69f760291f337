"""SQS."""

from typing import Any

from mends.seams import around
from moto.sqs.models import Queue


def apply() -> None:
    @around(Queue, "_set_attributes")
    def set_attributes(original: Any, self: Queue, attributes: dict[str, Any], now: Any = None) -> None:
        """SetQueueAttributes changes what it names: a policy that it does not name stays."""
        policy = self.policy if hasattr(self, "_policy_json") and "Policy" not in attributes else None
        original(attributes, now)
        if policy:
            self.policy = policy
        self.kept_redrive_allow_policy = attributes.get(
            "RedriveAllowPolicy", getattr(self, "kept_redrive_allow_policy", None)
        )
        # A queue with a KMS key is not encrypted by SQS's own key.
        if attributes.get("KmsMasterKeyId"):
            self.sqs_managed_sse_enabled = "false"

    known = Queue.attributes.fget

    def attributes(self: Queue) -> dict[str, Any]:
        """RedriveAllowPolicy is kept."""
        result = known(self)  # type: ignore[misc]
        if getattr(self, "kept_redrive_allow_policy", None):
            result["RedriveAllowPolicy"] = self.kept_redrive_allow_policy
        return result

    Queue.attributes = property(attributes)  # type: ignore[assignment]
