//! What AWS's error codes mean, and what to do about them.

use crate::model::failure::Class;

/// The codes for "too fast". All of them say that the call was not carried out.
pub(super) const THROTTLES: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// Returns what an error answer means. `status` decides what the code leaves open.
pub(super) fn class_of(code: &str, message: &str, status: u16) -> Class {
    // AWS's own internal failures have the status 500.
    if (code, status) == ("InternalFailure", 501) {
        return Class::NotServed;
    }
    by_code(code, message).unwrap_or(match status {
        401 | 403 => Class::Denied,
        404 => Class::NotFound,
        409 | 412 => Class::InUse,
        400..=499 => Class::Invalid,
        _ => Class::Other,
    })
}

fn by_code(code: &str, message: &str) -> Option<Class> {
    let class = match code {
        "" => return None,
        _ if THROTTLES.contains(&code) => Class::Throttled,
        "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSecurity"
        | "InvalidToken"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "SignatureDoesNotMatch"
        | "TokenRefreshRequired"
        | "UnrecognizedClientException" => Class::Credentials,
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "AuthorizationError"
        | "Client.UnauthorizedOperation"
        | "Forbidden"
        | "NotAuthorized"
        | "UnauthorizedAccess"
        | "UnauthorizedOperation" => Class::Denied,
        // Auto Scaling has no code for what does not exist.
        "ValidationError" if message.to_lowercase().contains("not found") => Class::NotFound,
        "QueueDoesNotExist" | "Gateway.NotAttached" | "InvalidInstanceID.Terminated" => Class::NotFound,
        _ if code.contains("NotFound") || code.contains("NonExistent") || code.starts_with("NoSuch") => Class::NotFound,
        "InvalidSubnet.Conflict"
        | "PriorityInUse"
        | "QueueNameExists"
        | "Resource.AlreadyAssociated"
        | "BucketAlreadyOwnedByYou" => Class::Exists,
        _ if code.contains("AlreadyExists") || code.contains("Duplicate") => Class::Exists,
        "BucketNotEmpty"
        | "ConcurrentModification"
        | "ConcurrentModificationException"
        | "ConflictException"
        | "DeleteConflict"
        | "DependencyViolation"
        | "DistributionNotDisabled"
        | "EntityTemporarilyUnmodifiable"
        | "IncorrectInstanceState"
        | "IncorrectState"
        | "InstanceRefreshInProgress"
        | "OperationAborted"
        | "PreconditionFailed"
        | "ResourceContention"
        | "ResourceConflictException"
        | "ScalingActivityInProgress" => Class::InUse,
        _ if code.contains("InUse") => Class::InUse,
        _ if ["Invalid", "Malformed", "Missing", "Unknown", "Unsupported", "Validation", "Illegal"]
            .iter()
            .any(|start| code.starts_with(start)) =>
        {
            Class::Invalid
        }
        _ => return None,
    };
    Some(class)
}

/// Returns what to do about an error answer, where there is something to do.
pub(super) fn hint_of(class: Class, call: &str, code: &str, message: &str) -> Option<String> {
    match class {
        Class::Denied => Some(format!("allow `{}` in a policy of the credentials in use", action(call, message))),
        Class::Credentials if code == "RequestTimeTooSkewed" => {
            Some("set this machine's clock: AWS accepts a difference of at most a few minutes".to_owned())
        }
        Class::Credentials => Some(CREDENTIALS.to_owned()),
        Class::Throttled => Some("run the command again with a smaller `--parallelism`".to_owned()),
        _ if code.contains("LimitExceeded") || code.starts_with("TooMany") || code.contains("QuotaExceeded") => {
            Some("ask for a higher limit in the Service Quotas console, or remove what is not needed".to_owned())
        }
        _ if code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" => {
            Some("the bucket is in another region: set the stack's `region`, or choose another name".to_owned())
        }
        _ => None,
    }
}

/// What to do about missing, wrong or expired credentials.
pub(super) const CREDENTIALS: &str = "set `AWS_PROFILE` or `--profile`, run `aws configure` or `aws sso login`, or set `AWS_ACCESS_KEY_ID` and \
     `AWS_SECRET_ACCESS_KEY`; `--sandbox` needs no account";

/// Returns the action that a policy has to allow: not every operation has the name of its action.
fn action(call: &str, message: &str) -> String {
    // AWS says it itself: "… is not authorized to perform: ec2:CreateVpc on resource: …".
    if let Some((_, rest)) = message.split_once("not authorized to perform: ")
        && let Some(action) = rest.split_whitespace().next()
    {
        return action.trim_end_matches([',', '.']).to_owned();
    }
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    match call {
        "s3:HeadBucket" | "s3:ListObjects" | "s3:ListObjectsV2" => "s3:ListBucket",
        "s3:ListBuckets" => "s3:ListAllMyBuckets",
        "s3:ListObjectVersions" => "s3:ListBucketVersions",
        "s3:ListMultipartUploads" => "s3:ListBucketMultipartUploads",
        "s3:DeleteObjects" => "s3:DeleteObject` and `s3:DeleteObjectVersion",
        "s3:GetBucketLifecycleConfiguration" => "s3:GetLifecycleConfiguration",
        "s3:PutBucketLifecycleConfiguration" | "s3:DeleteBucketLifecycle" => "s3:PutLifecycleConfiguration",
        "s3:GetBucketEncryption" => "s3:GetEncryptionConfiguration",
        "s3:PutBucketEncryption" | "s3:DeleteBucketEncryption" => "s3:PutEncryptionConfiguration",
        "s3:GetPublicAccessBlock" => "s3:GetBucketPublicAccessBlock",
        "s3:PutPublicAccessBlock" | "s3:DeletePublicAccessBlock" => "s3:PutBucketPublicAccessBlock",
        "s3:GetBucketCors" => "s3:GetBucketCORS",
        "s3:PutBucketCors" | "s3:DeleteBucketCors" => "s3:PutBucketCORS",
        "s3:GetBucketNotificationConfiguration" => "s3:GetBucketNotification",
        "s3:PutBucketNotificationConfiguration" => "s3:PutBucketNotification",
        "s3:DeleteBucketOwnershipControls" => "s3:PutBucketOwnershipControls",
        "s3:DeleteBucketTagging" => "s3:PutBucketTagging",
        "cloudfront:CreateDistributionWithTags" => "cloudfront:CreateDistribution` and `cloudfront:TagResource",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_class() {
        let check = |code: &str, message: &str, status: u16, expected: Class| {
            assert_eq!(class_of(code, message, status), expected, "{code} {status}");
        };
        check("InvalidVpcID.NotFound", "", 400, Class::NotFound);
        check("InvalidLaunchTemplateId.NotFoundException", "", 400, Class::NotFound);
        check("ServerSideEncryptionConfigurationNotFoundError", "", 404, Class::NotFound);
        check("NoSuchEntity", "", 404, Class::NotFound);
        check("AWS.SimpleQueueService.NonExistentQueue", "", 400, Class::NotFound);
        check("ValidationError", "AutoScalingGroup name not found - web", 400, Class::NotFound);
        check("ValidationError", "Desired capacity:9 must be between 0 and 2", 400, Class::Invalid);
        check("BucketAlreadyOwnedByYou", "", 409, Class::Exists);
        check("InvalidPermission.Duplicate", "", 400, Class::Exists);
        check("DuplicateTargetGroupName", "", 400, Class::Exists);
        check("InvalidGroup.InUse", "", 400, Class::InUse);
        check("ResourceInUse", "", 400, Class::InUse);
        check("PriorityInUse", "", 400, Class::Exists);
        check("DependencyViolation", "", 400, Class::InUse);
        check("SlowDown", "", 503, Class::Throttled);
        check("RequestLimitExceeded", "", 503, Class::Throttled);
        check("InvalidAccessKeyId", "", 403, Class::Credentials);
        check("UnauthorizedOperation", "", 403, Class::Denied);
        check("InvalidParameterValue", "", 400, Class::Invalid);
        check("NatGatewayLimitExceeded", "", 400, Class::Invalid);
        check("", "", 403, Class::Denied);
        check("", "", 404, Class::NotFound);
        check("InternalError", "", 500, Class::Other);
    }

    #[test]
    fn a_denied_call_is_told_which_action_to_allow() {
        let check = |call: &str, message: &str, expected: &str| assert_eq!(action(call, message), expected);
        check("ec2:CreateVpc", "You are not authorized to perform this operation.", "ec2:CreateVpc");
        check(
            "ec2:CreateVpc",
            "User: arn:aws:iam::1:user/a is not authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:…",
            "ec2:CreateTags",
        );
        check("s3:GetBucketLifecycleConfiguration", "Access Denied", "s3:GetLifecycleConfiguration");
    }
}
