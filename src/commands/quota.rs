//! Says so when the work waits for AWS's quota: else it would look as if nothing happened.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::session::say;
use crate::aws::{Notice, Waiting};

/// Hundreds of calls may wait at once: one line in this time is enough.
const EVERY: Duration = Duration::from_secs(5);

/// Returns a notice that says at most one line every few seconds, on stderr.
pub fn notice() -> Notice {
    let last: Mutex<Option<Instant>> = Mutex::new(None);
    Arc::new(move |waiting| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= EVERY) {
            *last = Some(Instant::now());
            say(line(waiting));
        }
    })
}

fn line(waiting: &Waiting) -> String {
    let Waiting { call, region, pause } = waiting;
    match pause {
        Some(pause) => format!("waiting on the AWS quota: {call} in {region}, {:.0} s", pause.as_secs_f64()),
        None => format!("waiting on the AWS quota: {call} in {region} was refused for its rate and is sent again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_names_the_call_and_its_time() {
        let waiting = |pause| Waiting { call: "ec2:CreateSubnet".into(), region: "us-east-1".into(), pause };
        let own = line(&waiting(Some(Duration::from_millis(2400))));
        assert_eq!(own, "waiting on the AWS quota: ec2:CreateSubnet in us-east-1, 2 s");
        assert!(line(&waiting(None)).ends_with("is sent again"));
    }
}
