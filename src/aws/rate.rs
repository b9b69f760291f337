//! AWS's published request limits, mirrored: so that we queue instead of being refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::hook::{Call, State};

/// Requests in flight to one service in one region.
const IN_FLIGHT: usize = 64;

/// A wait that is worth telling.
const NOTICE: Duration = Duration::from_secs(1);

/// How often a call may be made: `burst` at once, and `per_second` for ever.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limit {
    burst: f64,
    per_second: f64,
}

const fn limit(burst: f64, per_second: f64) -> Limit {
    Limit { burst, per_second }
}

/// Returns the calls that share a limit with this one, and the limit; none where AWS publishes none.
fn limit_of(name: &str, write: bool) -> Option<(&str, Limit)> {
    let (service, operation) = name.split_once(':')?;
    match service {
        "ec2" => Some((name, ec2(operation, write))),
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
        "elasticloadbalancing" if !write => Some(("elasticloadbalancing:Describe*", limit(40.0, 10.0))),
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
        "cloudwatch" => match operation {
            "DescribeAlarms" => Some((name, limit(9.0, 9.0))),
            "PutMetricAlarm" | "DeleteAlarms" => Some((name, limit(3.0, 3.0))),
            _ => None,
        },
        _ => None,
    }
}

/// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>
fn ec2(operation: &str, write: bool) -> Limit {
    match operation {
        "CreateTags" | "DeleteTags" => limit(100.0, 10.0),
        "CreateLaunchTemplateVersion" | "ModifyLaunchTemplate" | "CreateNetworkInterface" | "TerminateInstances" => {
            limit(100.0, 5.0)
        }
        "CreateNatGateway" | "DeleteNatGateway" => limit(10.0, 1.0),
        "CreateVpcEndpoint" | "ModifyVpcEndpoint" | "DeleteVpcEndpoints" => limit(4.0, 0.3),
        "RunInstances" | "StartInstances" => limit(5.0, 2.0),
        "DescribeSecurityGroupReferences" => limit(20.0, 5.0),
        _ if write => limit(50.0, 5.0),
        _ => limit(100.0, 20.0),
    }
}

/// A region, and a service or the calls that share a limit.
type Key = (Arc<str>, String);

/// The token buckets and the room in flight.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    buckets: Mutex<BTreeMap<Key, Bucket>>,
    lanes: Mutex<BTreeMap<Key, Arc<Semaphore>>>,
}

impl Quotas {
    /// Waits until the call may be sent. It is in flight while the permit lives.
    pub async fn admit(&self, state: &State, call: &Call, host: &str) -> Option<OwnedSemaphorePermit> {
        if is_aws(host) {
            let pause = self.reserve(call, Instant::now());
            if pause >= NOTICE {
                state.notify(call, Some(pause));
            }
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
        // The semaphore is never closed.
        self.lane(call).acquire_owned().await.ok()
    }

    /// Empties the bucket of a call that AWS refused for its rate: others use the quota too.
    pub fn exhaust(&self, call: &Call) {
        if let Some((shared, _)) = limit_of(&call.name, call.write)
            && let Some(bucket) = lock(&self.buckets).get_mut(&(call.region.clone(), shared.to_owned()))
        {
            bucket.tokens = bucket.tokens.min(0.0);
        }
    }

    fn reserve(&self, call: &Call, now: Instant) -> Duration {
        let Some((shared, limit)) = limit_of(&call.name, call.write) else { return Duration::ZERO };
        lock(&self.buckets)
            .entry((call.region.clone(), shared.to_owned()))
            .or_insert_with(|| Bucket { tokens: limit.burst, at: now })
            .reserve(limit, now)
    }

    fn lane(&self, call: &Call) -> Arc<Semaphore> {
        let service = call.name.split(':').next().unwrap_or_default().to_owned();
        lock(&self.lanes)
            .entry((call.region.clone(), service))
            .or_insert_with(|| Arc::new(Semaphore::new(IN_FLIGHT)))
            .clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Bucket {
    /// Below zero by the number of calls that wait.
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Takes a token and returns how long to wait before it may be used: first come, first served.
    fn reserve(&mut self, limit: Limit, now: Instant) -> Duration {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * limit.per_second).min(limit.burst) - 1.0;
        self.at = now;
        Duration::from_secs_f64((-self.tokens).max(0.0) / limit.per_second)
    }
}

/// Returns true for AWS's own endpoints: an emulator has no quota.
fn is_aws(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or(host);
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu"].iter().any(|suffix| host.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_then_its_rate() {
        let start = Instant::now();
        let limit = limit(2.0, 4.0);
        let mut bucket = Bucket { tokens: limit.burst, at: start };
        let mut take = |after_ms| bucket.reserve(limit, start + Duration::from_millis(after_ms)).as_millis();
        assert_eq!([take(0), take(0), take(0), take(0)], [0, 0, 250, 500]);
        assert_eq!(take(1000), 0);
        assert_eq!([take(60_000), take(60_000), take(60_000)], [0, 0, 250]);
    }

    #[test]
    fn only_published_limits_are_mirrored() {
        let check = |name: &str, write: bool, expected: Option<(&str, f64, f64)>| {
            let found = limit_of(name, write).map(|(shared, limit)| (shared.to_owned(), limit.burst, limit.per_second));
            assert_eq!(found, expected.map(|(shared, burst, rate)| (shared.to_owned(), burst, rate)), "{name}");
        };
        check("ec2:DescribeVpcs", false, Some(("ec2:DescribeVpcs", 100.0, 20.0)));
        check("ec2:CreateSubnet", true, Some(("ec2:CreateSubnet", 50.0, 5.0)));
        check("ec2:CreateNatGateway", true, Some(("ec2:CreateNatGateway", 10.0, 1.0)));
        check("elasticloadbalancing:DescribeRules", false, Some(("elasticloadbalancing:Describe*", 40.0, 10.0)));
        check("elasticloadbalancing:CreateRule", true, None);
        check("iam:GetRole", false, None);
    }

    #[test]
    fn an_emulator_has_no_quota() {
        assert!(is_aws("ec2.us-east-1.amazonaws.com"));
        assert!(is_aws("films.s3.cn-north-1.amazonaws.com.cn"));
        assert!(!is_aws("127.0.0.1:5000"));
        assert!(!is_aws("localhost.localstack.cloud:4566"));
    }
}
