//! Carries a plan out. Everything was decided before: here is only one loop that starts what is ready.
//!
//! The loop owns all state that changes. A step that fails stops what depends on it and nothing else; every step
//! has exactly one outcome; what was done is read again until the account agrees ([`verify`]).

mod job;
pub mod lock;
mod verify;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::model::address::Address;
use crate::model::delta::FieldChange;
use crate::model::failure::{Class, Failure};
use crate::model::plan::{Op, Plan, Step};
use crate::model::stack::{Declared, Facts};
use crate::world::World;

pub use job::Done;

/// How long running calls may take to finish after the first interrupt.
const FINISH: Duration = Duration::from_secs(5);

/// What the command line says of an execution.
#[derive(Clone, Debug)]
pub struct Options {
    /// Steps at once.
    pub parallelism: usize,
    /// Resources whose data may be lost.
    pub lose_data: Vec<Address>,
}

/// What happens while a plan is carried out, in this order for each step: started, then one of the others.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    Started {
        address: &'a Address,
        op: &'a Op,
    },
    Finished {
        address: &'a Address,
        op: &'a Op,
        id: Option<Arc<str>>,
        took: Duration,
    },
    Failed {
        address: &'a Address,
        op: &'a Op,
        failure: &'a Failure,
    },
    Skipped {
        address: &'a Address,
        op: &'a Op,
        because: &'a Address,
    },
    /// What is awaited after the last step: readiness, or that reads agree with writes.
    Waiting {
        address: &'a Address,
        what: &'a str,
    },
    Unverified {
        address: &'a Address,
        fields: &'a [FieldChange],
        why: &'a str,
    },
    Interrupted {
        times: u32,
    },
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One for each step of the plan.
    pub results: Vec<StepResult>,
    /// Resources that do not show in time what was written.
    pub unverified: Vec<Unverified>,
    pub interrupted: bool,
    /// Everything that is known of the account afterwards.
    pub facts: Facts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepResult {
    Done,
    Failed(Failure),
    /// A step before it failed, or nothing was started any more.
    Skipped,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Unverified {
    pub address: Address,
    pub fields: Vec<FieldChange>,
    pub why: String,
}

impl Outcome {
    /// Returns true if all was done and verified.
    pub fn is_success(&self) -> bool {
        !self.interrupted && self.unverified.is_empty() && self.results.iter().all(|result| *result == StepResult::Done)
    }
}

/// Carries out the steps of `plan`. Each message on `interrupts` is one Ctrl-C.
pub async fn execute(
    plan: &Plan,
    declared: &dyn Declared,
    world: &dyn World,
    options: &Options,
    interrupts: &mut UnboundedReceiver<()>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Outcome {
    let mut run = Run::new(plan, declared, options);
    let mut running: FuturesUnordered<LocalBoxFuture<'_, Ended>> = FuturesUnordered::new();
    let mut stopping: u32 = 0;
    let mut deadline = None;
    loop {
        while stopping == 0 && running.len() < options.parallelism.max(1) {
            let Some(step) = run.ready() else { break };
            run.start(step, world, &mut running, observe);
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            Some(ended) = running.next() => run.end(ended, observe),
            Some(()) = interrupts.recv() => {
                stopping += 1;
                observe(Event::Interrupted { times: stopping });
                if stopping > 1 {
                    break;
                }
                deadline = Some(tokio::time::Instant::now() + FINISH);
            }
            () = until_deadline(deadline) => break,
        }
    }
    drop(running);
    run.interrupted = stopping > 0;
    run.close(observe);
    if !run.interrupted {
        run.unverified = verify::verify(&mut run.facts, &run.touched, plan, declared, world, interrupts, observe).await;
    }
    run.outcome()
}

async fn until_deadline(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A step whose future has ended.
struct Ended {
    step: usize,
    started: Instant,
    result: Result<Done, Failure>,
}

struct Run<'a> {
    plan: &'a Plan,
    declared: &'a dyn Declared,
    options: &'a Options,
    facts: Facts,
    results: Vec<Option<StepResult>>,
    started: Vec<bool>,
    /// How many steps must still end before this one.
    waits_for: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    /// Steps that nothing holds back, last one first.
    ready: Vec<usize>,
    jobs: job::Jobs,
    /// Ids of what exists after the plan and was touched by it.
    touched: HashMap<usize, Arc<str>>,
    unverified: Vec<Unverified>,
    interrupted: bool,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, declared: &'a dyn Declared, options: &'a Options) -> Run<'a> {
        let mut dependents = vec![Vec::new(); plan.steps.len()];
        for (at, step) in plan.steps.iter().enumerate() {
            step.after.iter().for_each(|before| dependents[*before].push(at));
        }
        let waits_for: Vec<usize> = plan.steps.iter().map(|step| step.after.len()).collect();
        let ready = (0..plan.steps.len()).rev().filter(|step| waits_for[*step] == 0).collect();
        Run {
            plan,
            declared,
            options,
            facts: plan.facts.clone(),
            results: vec![None; plan.steps.len()],
            started: vec![false; plan.steps.len()],
            waits_for,
            dependents,
            ready,
            jobs: job::Jobs::default(),
            touched: HashMap::new(),
            unverified: Vec::new(),
            interrupted: false,
        }
    }

    fn step(&self, at: usize) -> (&'a Step, &'a Address) {
        let step = &self.plan.steps[at];
        (step, &self.plan.changes[step.change].address)
    }

    fn ready(&mut self) -> Option<usize> {
        self.ready.pop()
    }

    fn start<'w>(
        &mut self,
        at: usize,
        world: &'w dyn World,
        running: &mut FuturesUnordered<LocalBoxFuture<'w, Ended>>,
        observe: &mut dyn FnMut(Event<'_>),
    ) {
        let (step, address) = self.step(at);
        self.started[at] = true;
        observe(Event::Started { address, op: &step.op });
        let started = Instant::now();
        match self.jobs.prepare(self.plan, step, self.declared, &self.facts, self.options) {
            Ok(job) => running.push(Box::pin(async move { Ended { step: at, started, result: job.run(world).await } })),
            Err(failure) => self.end(Ended { step: at, started, result: Err(failure) }, observe),
        }
    }

    fn end(&mut self, ended: Ended, observe: &mut dyn FnMut(Event<'_>)) {
        let (step, address) = self.step(ended.step);
        match ended.result {
            Ok(done) => {
                let id = done.id.clone();
                self.note(step, done);
                self.results[ended.step] = Some(StepResult::Done);
                observe(Event::Finished { address, op: &step.op, id, took: ended.started.elapsed() });
                for dependent in self.dependents[ended.step].clone() {
                    self.waits_for[dependent] -= 1;
                    if self.waits_for[dependent] == 0 && self.results[dependent].is_none() {
                        self.ready.push(dependent);
                    }
                }
            }
            Err(failure) => {
                observe(Event::Failed { address, op: &step.op, failure: &failure });
                self.results[ended.step] = Some(StepResult::Failed(failure));
                self.skip_dependents(ended.step, address, observe);
            }
        }
    }

    /// Keeps what a step made known, for the steps after it and for verification.
    fn note(&mut self, step: &Step, done: Done) {
        let change = &self.plan.changes[step.change];
        // What goes tells nobody anything, and is not looked for.
        if !job::is_about_old(change, &step.op) && step.op != Op::Forget {
            self.facts.attributes.entry(change.address.clone()).or_default().extend(done.attributes.clone());
            self.touched.extend(done.id.clone().map(|id| (step.change, id)));
        }
        self.jobs.note(change, step, done);
    }

    fn skip_dependents(&mut self, failed: usize, because: &Address, observe: &mut dyn FnMut(Event<'_>)) {
        let mut open = self.dependents[failed].clone();
        while let Some(at) = open.pop() {
            if self.results[at].is_none() {
                let (step, address) = self.step(at);
                observe(Event::Skipped { address, op: &step.op, because });
                self.results[at] = Some(StepResult::Skipped);
                open.extend(&self.dependents[at]);
            }
        }
    }

    /// Gives every step that has none an outcome: abandoned in the middle, or never begun.
    fn close(&mut self, observe: &mut dyn FnMut(Event<'_>)) {
        for at in 0..self.results.len() {
            if self.results[at].is_none() {
                let (step, address) = self.step(at);
                let result = match self.started[at] {
                    true => {
                        let failure = Failure::new(Class::Ambiguous, "was abandoned before an answer came");
                        observe(Event::Failed { address, op: &step.op, failure: &failure });
                        StepResult::Failed(failure)
                    }
                    false => StepResult::Skipped,
                };
                self.results[at] = Some(result);
            }
        }
    }

    fn outcome(self) -> Outcome {
        Outcome {
            results: self.results.into_iter().map(|result| result.unwrap_or(StepResult::Skipped)).collect(),
            unverified: self.unverified,
            interrupted: self.interrupted,
            facts: self.facts,
        }
    }
}
