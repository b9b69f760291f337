//! Waiting for AWS, always bounded, and fan-out, always bounded.

use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::time::{Instant, sleep};

use crate::model::failure::{Class, Failure};

const POLL_FIRST: Duration = Duration::from_millis(200);
const POLL_MAX: Duration = Duration::from_secs(5);

/// Polls until `probe` returns something: after 0.2 s, then at doubling intervals of at most 5 s.
///
/// `what` completes the sentence "… in time": "the NAT gateway `nat-1` to become available".
pub async fn until<T>(
    what: &str,
    bound: Duration,
    mut probe: impl AsyncFnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let mut pause = Pause::new(bound);
    loop {
        if let Some(found) = probe().await? {
            return Ok(found);
        }
        if !pause.wait().await {
            let seconds = bound.as_secs_f64();
            return Err(Failure::new(Class::TimedOut, format!("waited {seconds:.0} s for {what}"))
                .hint("AWS may still be at work: run the command again, or set a longer `manage.timeout`"));
        }
    }
}

/// Repeats `attempt` while its failure has one of these codes, for at most `bound`; then returns that failure.
pub async fn insist<T>(
    bound: Duration,
    codes: &[&str],
    attempt: impl AsyncFnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    insist_while(bound, |failure| codes.iter().any(|code| failure.is_code(code)), attempt).await
}

/// Repeats `attempt` while its failure is a passing one, for at most `bound`; then returns that failure.
///
/// For services that give one code to everything, so that only the message tells.
pub async fn insist_while<T>(
    bound: Duration,
    passes: impl Fn(&Failure) -> bool,
    mut attempt: impl AsyncFnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut pause = Pause::new(bound);
    loop {
        match attempt().await {
            Err(failure) if passes(&failure) => {
                if !pause.wait().await {
                    return Err(failure);
                }
            }
            other => return other,
        }
    }
}

/// Does `work` on each item, at most `most` at once, and returns the results in the order of the items.
///
/// The first failure ends it.
pub async fn each<I, T>(
    most: usize,
    items: impl IntoIterator<Item = I>,
    work: impl AsyncFn(I) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let work = &work;
    stream::iter(items).map(async |item| work(item).await).buffered(most.max(1)).try_collect().await
}

/// The pauses between polls, within a bound.
struct Pause {
    next: Duration,
    end: Instant,
}

impl Pause {
    fn new(bound: Duration) -> Pause {
        Pause { next: POLL_FIRST, end: Instant::now() + bound }
    }

    /// Waits for the next poll. Returns false, at once, if the bound is reached.
    async fn wait(&mut self) -> bool {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        sleep(self.next.min(left)).await;
        self.next = (self.next * 2).min(POLL_MAX);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SHORT: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn until_polls_until_there_is_something_or_its_bound_is_reached() {
        let polls = Cell::new(0);
        let found = until("it", SHORT, async || {
            polls.set(polls.get() + 1);
            Ok((polls.get() == 2).then_some("here"))
        });
        assert_eq!(found.await, Ok("here"));
        let failure = until::<()>("the thing to appear", SHORT, async || Ok(None)).await.unwrap_err();
        assert_eq!(failure.class, Class::TimedOut);
        assert!(failure.message.ends_with("for the thing to appear"), "{failure}");
    }

    #[tokio::test]
    async fn insist_repeats_only_the_failures_it_knows() {
        let busy = || Failure { code: Some("Busy".into()), ..Failure::new(Class::InUse, "busy") };
        let attempts = Cell::new(0);
        let result = insist(SHORT, &["Busy"], async || {
            attempts.set(attempts.get() + 1);
            if attempts.get() == 1 { Err(busy()) } else { Ok(attempts.get()) }
        });
        assert_eq!(result.await, Ok(2));
        assert_eq!(insist::<()>(SHORT, &["Busy"], async || Err(busy())).await, Err(busy()));
        attempts.set(0);
        let other = insist::<()>(SHORT, &["Other"], async || {
            attempts.set(attempts.get() + 1);
            Err(busy())
        });
        assert_eq!((other.await, attempts.get()), (Err(busy()), 1));
    }

    #[tokio::test]
    async fn each_keeps_the_order_and_the_bound() {
        let (running, most) = (Cell::new(0), Cell::new(0));
        let results = each(2, 0..6_u64, async |item| {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            sleep(Duration::from_millis(6 - item)).await;
            running.set(running.get() - 1);
            Ok(item * 10)
        });
        assert_eq!(results.await, Ok(vec![0, 10, 20, 30, 40, 50]));
        assert_eq!(most.get(), 2);
    }
}
