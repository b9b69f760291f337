//! The hook on every call: what it is called, whether it may be sent, and what became of it.
//!
//! [`Hook`] is an interceptor of every client. It names each call and hands its [`Trace`] to the connector
//! (`wire.rs`), which sends nothing without one: a client built without the hook cannot reach the network.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use tokio::sync::{OnceCell, Semaphore};

use super::rate::Quotas;

/// Told whenever a call has to wait for AWS's quota.
pub type Notice = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// A call that waits for AWS's quota.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// As `ec2:DescribeVpcs`.
    pub call: String,
    pub region: Arc<str>,
    /// None if AWS itself refused the call for its rate: the retry comes after a backoff.
    pub pause: Option<Duration>,
}

/// One call of the SDK, with all its attempts.
#[derive(Debug)]
pub(super) struct Call {
    /// As `ec2:DescribeVpcs`.
    pub name: String,
    pub region: Arc<str>,
    /// Not on the list of reads: is sent again only if it was certainly not carried out.
    pub write: bool,
    /// The number of requests that were handed to a connection, or to an attempt to make one.
    pub attempts: AtomicU32,
    /// The latest attempt may have reached the service, and no complete answer has come.
    pub open: AtomicBool,
    started: Instant,
}

/// The trace of a call, through the SDK's layers and on its answer.
#[derive(Clone, Debug)]
pub(super) struct Trace(pub Arc<Call>);

impl Storable for Trace {
    type Storer = StoreReplace<Trace>;
}

/// The state that all clients of all regions share.
pub(super) struct State {
    reads: HashSet<&'static str>,
    read_only: AtomicBool,
    counts: Mutex<BTreeMap<String, u64>>,
    epoch: AtomicU64,
    notice: Option<Notice>,
    /// None if AWS would not say.
    account: OnceCell<Option<Arc<str>>>,
    asked: Semaphore,
    pub quotas: Quotas,
}

/// The hook of one region's clients.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub state: Arc<State>,
    pub region: Arc<str>,
}

impl State {
    /// Returns a state in which only `reads` may be sent, until it is told otherwise.
    pub fn new(reads: HashSet<&'static str>, notice: Option<Notice>) -> Arc<State> {
        Arc::new(State {
            reads,
            read_only: AtomicBool::new(true),
            counts: Mutex::default(),
            epoch: AtomicU64::new(0),
            notice,
            account: OnceCell::new(),
            asked: Semaphore::new(0),
            quotas: Quotas::default(),
        })
    }

    pub fn set_read_only(&self, on: bool) {
        self.read_only.store(on, Relaxed);
        self.advance();
    }

    /// Returns how often each operation was called. Retries do not count.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.lock_counts().clone()
    }

    /// Returns a number that changes with every write and every change of mode: what was read before is old.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Relaxed)
    }

    /// Counts the first attempt of a call.
    pub fn count(&self, call: &Call) {
        if call.attempts.fetch_add(1, Relaxed) == 0 {
            *self.lock_counts().entry(call.name.clone()).or_default() += 1;
        }
        if call.write {
            self.advance();
        }
    }

    pub fn notify(&self, call: &Call, pause: Option<Duration>) {
        if let Some(notice) = &self.notice {
            notice(&Waiting { call: call.name.clone(), region: call.region.clone(), pause });
        }
    }

    /// Refuses everything outside the list of reads while only reads may be sent.
    pub fn check(&self, name: &str) -> Result<(), Refused> {
        if self.read_only.load(Relaxed) && !self.reads.contains(name) {
            return Err(Refused { call: name.to_owned() });
        }
        Ok(())
    }

    /// Returns the account, if it is known already.
    pub fn account(&self) -> Option<Arc<str>> {
        self.account.get().cloned().flatten()
    }

    /// Says which account this is, none if that cannot be known: all answers go through from now on.
    pub fn identify(&self, account: Option<Arc<str>>) {
        // Only the first word counts.
        let _ = self.account.set(account);
        self.asked.close();
    }

    /// Waits until it is known which account this is. Answers are held back until then, instead of requests: so
    /// the question costs no round trip of its own, and nobody sees an answer without knowing whose it is.
    pub async fn identified(&self) {
        // Nothing is ever added to it: this ends when it is closed.
        let _ = self.asked.acquire().await;
    }

    fn advance(&self) {
        self.epoch.fetch_add(1, Relaxed);
    }

    fn lock_counts(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("read_only", &self.read_only).finish_non_exhaustive()
    }
}

impl Hook {
    pub fn new(state: &Arc<State>, region: &Arc<str>) -> Hook {
        Hook { state: state.clone(), region: region.clone() }
    }

    fn call(&self, name: String) -> Trace {
        Trace(Arc::new(Call {
            write: !self.state.reads.contains(name.as_str()),
            name,
            region: self.region.clone(),
            attempts: AtomicU32::new(0),
            open: AtomicBool::new(false),
            started: Instant::now(),
        }))
    }
}

#[dyn_dispatch_hint]
impl Intercept for Hook {
    fn name(&self) -> &'static str {
        "trueup"
    }

    // The first hook at which the operation's name is known.
    fn modify_before_serialization(
        &self,
        _context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let name = operation(config.load::<Metadata>().ok_or("the operation has no name")?);
        self.state.check(&name)?;
        let trace = self.call(name);
        config.interceptor_state().store_put(trace);
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(trace) = config.load::<Trace>() {
            context.request_mut().add_extension(trace.clone());
        }
        Ok(())
    }

    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Trace(call)) = config.load::<Trace>() {
            log(context, call);
            sign(context, call);
        }
        Ok(())
    }

    // Also runs if no attempt was made, as when there are no credentials.
    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Trace(call)) = config.load::<Trace>() {
            sign(context, call);
        }
        Ok(())
    }
}

fn log(context: &FinalizerInterceptorContextMut<'_>, call: &Call) {
    let status = context.response().map(|response| response.status().as_u16());
    tracing::debug!(
        call = call.name,
        region = &*call.region,
        attempt = call.attempts.load(Relaxed),
        status,
        request_id = context.response().and_then(request_id),
        failed = context.output_or_error().is_none_or(|result| result.is_err()),
        ms = call.started.elapsed().as_millis() as u64,
        "called"
    );
}

/// Puts the call's trace into an error that carries none: one that is neither the service's nor the connector's.
fn sign(context: &mut FinalizerInterceptorContextMut<'_>, call: &Arc<Call>) {
    if context.response().is_some() {
        return;
    }
    let Some(Err(error)) = context.output_or_error_mut() else { return };
    if error.is_operation_error() || find::<Lost>(error).is_some() {
        return;
    }
    let timeout = error.is_timeout_error();
    let inner = std::mem::replace(error, OrchestratorError::other(""));
    let lost = Lost { call: call.clone(), host: None, sent: call.open.load(Relaxed), source: inner.into() };
    *error = if timeout { OrchestratorError::timeout(lost.into()) } else { OrchestratorError::other(lost) };
}

/// A call that got no complete answer. At the bottom of every error that is not the service's.
#[derive(Debug)]
pub(super) struct Lost {
    pub call: Arc<Call>,
    /// Where it was to be sent, if it came that far.
    pub host: Option<String>,
    /// It may have reached the service.
    pub sent: bool,
    pub source: BoxError,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.sent { "sent, and no complete answer came" } else { "not sent" };
        write!(f, "{}: {what}", self.call.name)
    }
}

impl std::error::Error for Lost {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// A call that may not be sent while only reads may be.
#[derive(Debug)]
pub(super) struct Refused {
    pub call: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not one of the operations that only read", self.call)
    }
}

impl std::error::Error for Refused {}

/// Returns the name of an operation, with the prefix that IAM gives its service.
pub(super) fn operation(metadata: &Metadata) -> String {
    format!("{}:{}", prefix(metadata.service()), metadata.name())
}

fn prefix(service: &str) -> String {
    match service {
        "Auto Scaling" => "autoscaling".to_owned(),
        "Elastic Load Balancing v2" => "elasticloadbalancing".to_owned(),
        "Resource Groups Tagging API" => "tag".to_owned(),
        other => other.to_lowercase().replace(' ', ""),
    }
}

/// Returns the id by which AWS's support finds the request.
pub(super) fn request_id(response: &HttpResponse) -> Option<&str> {
    ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"].iter().find_map(|name| response.headers().get(*name))
}

/// Returns the first error of a type in a chain of sources.
pub(super) fn find<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
