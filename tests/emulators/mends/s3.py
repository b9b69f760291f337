"""S3."""

from typing import Any

import xmltodict
from mends.seams import around, edit_result
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response


def apply() -> None:
    @around(FakeBucket, "__init__")
    def init(original: Any, self: FakeBucket, *args: Any, **kwargs: Any) -> None:
        """New buckets are encrypted with S3's own keys, and block public access.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
        """
        original(*args, **kwargs)
        self.encryption = _default_encryption()
        self.public_access_block = _all_blocked()
        self.ownership_rule = {"Rule": {"ObjectOwnership": "BucketOwnerEnforced"}}

    @around(S3Backend, "delete_bucket_encryption")
    def delete_bucket_encryption(original: Any, self: S3Backend, bucket_name: str) -> None:
        """DeleteBucketEncryption goes back to S3's own keys."""
        self.get_bucket(bucket_name).encryption = _default_encryption()

    _keep_tags_of_create_bucket()
    _keep_lifecycle()
    _keep_event_bridge()
    _name_roots()


def _default_encryption() -> dict[str, Any]:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
    return {"Rule": rule}


def _all_blocked() -> Any:
    from moto.s3.models import PublicAccessBlock

    return PublicAccessBlock(
        block_public_acls="True", ignore_public_acls="True", block_public_policy="True", restrict_public_buckets="True"
    )


def _keep_tags_of_create_bucket() -> None:
    @around(S3Backend, "create_bucket")
    def create_bucket(original: Any, self: S3Backend, *args: Any, **kwargs: Any) -> FakeBucket:
        """CreateBucketConfiguration.Tags are the tags of the new bucket."""
        bucket = original(*args, **kwargs)
        if tags := getattr(S3Response, "tags_of_new_bucket", None):
            self.put_bucket_tagging(bucket.name, tags)
        return bucket

    @around(S3Response, "_bucket_response_put")
    def put(original: Any, self: S3Response, *args: Any, **kwargs: Any) -> Any:
        # One request at a time is served: a place of the class is a place of the request.
        S3Response.tags_of_new_bucket = _tags_in(self.body)  # type: ignore[attr-defined]
        try:
            return original(*args, **kwargs)
        finally:
            S3Response.tags_of_new_bucket = None  # type: ignore[attr-defined]

    @around(S3Response, "_get_location_constraint")
    def location_constraint(original: Any, self: S3Response) -> str | None:
        if self.body and b"CreateBucketConfiguration" in _bytes(self.body):
            configuration = xmltodict.parse(self.body).get("CreateBucketConfiguration") or {}
            return configuration.get("LocationConstraint")
        return original()


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else body.encode()


def _tags_in(body: Any) -> dict[str, str]:
    if not body or b"<CreateBucketConfiguration" not in _bytes(body):
        return {}
    tags = (xmltodict.parse(body)["CreateBucketConfiguration"] or {}).get("Tags") or {}
    tags = tags.get("Tag") or []
    return {tag["Key"]: tag.get("Value") or "" for tag in _list(tags)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _keep_lifecycle() -> None:
    @around(FakeBucket, "set_lifecycle")
    def set_lifecycle(original: Any, self: FakeBucket, rules: list[dict[str, Any]]) -> None:
        original(rules)
        self.lifecycle_as_put = rules  # type: ignore[attr-defined]

    @around(S3Response, "get_bucket_lifecycle")
    def get_bucket_lifecycle(original: Any, self: S3Response) -> Any:
        """Object sizes in filters and the number of newer noncurrent versions are kept."""
        bucket = self.backend.get_bucket(self.bucket_name)
        as_put = getattr(bucket, "lifecycle_as_put", [])
        return edit_result(self, original, lambda result: _complete_rules(result["Rules"], as_put))


def _complete_rules(rules: list[dict[str, Any]], as_put: list[dict[str, Any]]) -> None:
    for rule, put in zip(rules, as_put, strict=True):
        sizes = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
        filter_put = put.get("Filter") or {}
        rule.get("Filter", {}).update({name: filter_put[name] for name in sizes if name in filter_put})
        and_put = filter_put.get("And") or {}
        rule.get("Filter", {}).get("And", {}).update({name: and_put[name] for name in sizes if name in and_put})
        noncurrent = put.get("NoncurrentVersionExpiration") or {}
        if "NewerNoncurrentVersions" in noncurrent:
            rule["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = noncurrent["NewerNoncurrentVersions"]


def _keep_event_bridge() -> None:
    @around(S3Response, "get_bucket_notification")
    def get_bucket_notification(original: Any, self: S3Response) -> Any:
        """EventBridgeConfiguration, which is empty, is there or not."""
        known = self.backend.get_bucket_notification_configuration(self.bucket_name)

        def edit(result: dict[str, Any]) -> None:
            if known and known.event_bridge is not None:
                result["EventBridgeConfiguration"] = {}

        return edit_result(self, original, edit)


def _name_roots() -> None:
    """An answer with nothing in it is named like one with something."""
    _name_root("get_bucket_versioning", "GetBucketVersioningResponse", "VersioningConfiguration")
    _name_root("get_bucket_notification", "GetBucketNotificationResponse", "NotificationConfiguration")


def _name_root(method: str, wrong: str, right: str) -> None:
    @around(S3Response, method)
    def named(original: Any, self: S3Response) -> Any:
        status, headers, body = original()
        text = body.decode() if isinstance(body, bytes) else body
        return status, headers, text.replace(f"<{wrong}", f"<{right}").replace(f"</{wrong}>", f"</{right}>")
