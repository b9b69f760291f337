//! A simulated account inside the binary, for anyone without an account and for the tests of the engine.
//!
//! One implementation for all kinds, driven by their schemas: ids and attributes, defaults, limits, claims,
//! dangling references and dependency violations. It proves nothing about calls of the AWS SDK.

mod birth;
mod client;
mod disguise;
pub mod hostility;
mod reads;
mod store;
mod stored;
#[cfg(test)]
mod tests;
mod ties;
mod validity;
mod writes;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::model::failure::{Class, Failure};
use crate::model::live::Live;
use crate::model::schema::{Place, Schema};
use crate::model::value::Map;
use crate::world::{Ask, Born, Identity, New, Old, Revision, World};

pub use client::Client;
use hostility::{Hostility, Weather};
use store::Store;
pub use stored::{Key, Stored};

/// The only account there is.
pub const ACCOUNT: &str = "123456789012";
pub const PARTITION: &str = "aws";

/// The error code of every call after the simulated death of the process.
pub const DIED: &str = "Died";

/// The simulated account.
pub struct Sandbox {
    schemas: Cow<'static, [Schema]>,
    store: Rc<RefCell<Store>>,
    weather: RefCell<Weather>,
    calls: RefCell<BTreeMap<String, u64>>,
    is_read_only: Cell<bool>,
    death: Cell<Death>,
}

/// When the process dies, and how: for tests of what a crash leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    Never,
    /// After this many more writes, every call fails, as if the process were gone.
    Simulated(u32),
    /// After this many more writes, the process aborts.
    Real(u32),
    Dead,
}

impl Sandbox {
    /// Returns the account kept in a folder. The folder is made by the first write.
    pub fn in_folder(path: impl Into<PathBuf>, schemas: impl Into<Cow<'static, [Schema]>>) -> Sandbox {
        Sandbox::of(Rc::new(RefCell::new(Store::in_folder(path))), schemas.into())
    }

    /// Returns an empty account that lives as long as this value and its [`Sandbox::reopened`] successors.
    pub fn in_memory(schemas: impl Into<Cow<'static, [Schema]>>) -> Sandbox {
        Sandbox::of(Rc::new(RefCell::new(Store::in_memory())), schemas.into())
    }

    fn of(store: Rc<RefCell<Store>>, schemas: Cow<'static, [Schema]>) -> Sandbox {
        Sandbox {
            schemas,
            store,
            weather: RefCell::new(Weather::new(Hostility::none())),
            calls: RefCell::default(),
            is_read_only: Cell::new(false),
            death: Cell::new(Death::Never),
        }
    }

    /// Returns the same account as a new process meets it: nothing counted, no lag, nobody dead.
    #[must_use]
    pub fn reopened(&self) -> Sandbox {
        Sandbox::of(self.store.clone(), self.schemas.clone())
    }

    #[must_use]
    pub fn hostile(self, hostility: Hostility) -> Sandbox {
        self.weather.replace(Weather::new(hostility));
        self
    }

    /// From the `n`-th write on, every call fails, as if the process had died right after it. At least 1.
    #[must_use]
    pub fn dying_after(self, n: u32) -> Sandbox {
        self.death.set(Death::Simulated(n));
        self
    }

    /// Lets the environment make it hostile or deadly: for tests of the binary only.
    ///
    /// `TRUEUP_SANDBOX_HOSTILE=<seed>` turns everything on, `disguise:<seed>` only what must not show as a difference;
    /// `TRUEUP_SANDBOX_DIE_AFTER=<n>` aborts the process right after its n-th write.
    #[must_use]
    pub fn with_test_environment(self) -> Sandbox {
        let hostility = std::env::var("TRUEUP_SANDBOX_HOSTILE").ok().and_then(|text| text.parse().ok());
        if let Some(hostility) = hostility {
            self.weather.replace(Weather::new(hostility));
        }
        let writes = std::env::var("TRUEUP_SANDBOX_DIE_AFTER").ok().and_then(|text| text.parse().ok());
        if let Some(writes) = writes {
            self.death.set(Death::Real(writes));
        }
        self
    }

    /// Returns true after the simulated death of the process.
    pub fn is_dead(&self) -> bool {
        self.death.get() == Death::Dead
    }

    /// Returns another client of the account, which no hostility meets and nothing counts.
    pub fn another_client(&self) -> Client<'_> {
        Client::new(self)
    }

    fn place(&self, region: &str) -> Place {
        Place { account: ACCOUNT.into(), region: region.into(), partition: PARTITION.into() }
    }

    fn schema(&self, kind: &str) -> Option<&Schema> {
        self.schemas.iter().find(|schema| schema.kind == kind)
    }

    /// Begins a call: it is counted, unless it is refused, and may fail before it reaches the service.
    async fn begin(&self, operation: &str, is_write: bool) -> Result<(), Failure> {
        let yields = {
            let mut weather = self.weather.borrow_mut();
            let bound = weather.hostility.yields_max as usize + 1;
            weather.chance.below(bound)
        };
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        let named = |failure: Failure| Failure { call: operation.to_owned(), ..failure };
        if self.is_dead() {
            return Err(named(died()));
        }
        if is_write && self.is_read_only.get() {
            return Err(named(Failure::new(Class::Refused, "a write is refused while a plan is made")));
        }
        *self.calls.borrow_mut().entry(operation.to_owned()).or_default() += 1;
        self.trouble().map_err(named)?;
        let fault = self.weather.borrow_mut().fault_before(is_write);
        fault.map_or(Ok(()), |failure| Err(named(failure)))
    }

    /// Ends a write that was stored: the process may die of it, or the answer may be lost.
    fn end_write(&self, operation: &str) -> Result<(), Failure> {
        match self.death.get() {
            Death::Simulated(n) if n <= 1 => {
                self.death.set(Death::Dead);
                return Err(Failure { call: operation.to_owned(), ..died() });
            }
            Death::Real(n) if n <= 1 => abort(),
            Death::Simulated(n) => self.death.set(Death::Simulated(n - 1)),
            Death::Real(n) => self.death.set(Death::Real(n - 1)),
            Death::Never | Death::Dead => {}
        }
        let fault = self.weather.borrow_mut().fault_after();
        fault.map_or(Ok(()), |failure| Err(Failure { call: operation.to_owned(), ..failure }))
    }
}

fn died() -> Failure {
    Failure { code: Some(DIED.to_owned()), ..Failure::new(Class::Other, "the process died") }
}

/// Ends the process as `kill -9` does: nothing is flushed, no destructor runs.
fn abort() -> ! {
    std::process::abort()
}

#[async_trait(?Send)]
impl World for Sandbox {
    async fn identity(&self) -> Result<Identity, Failure> {
        self.begin("sts:GetCallerIdentity", false).await?;
        Ok(Identity { account: ACCOUNT.into(), partition: PARTITION.into() })
    }

    async fn zones(&self, region: &str) -> Result<Vec<Arc<str>>, Failure> {
        self.begin("ec2:DescribeAvailabilityZones", false).await?;
        Ok(["a", "b", "c"].map(|letter| format!("{region}{letter}").into()).into())
    }

    async fn discover(&self, schema: &Schema, region: &str, ask: &Ask) -> Result<Vec<Live>, Failure> {
        if matches!(ask, Ask::Named(names) | Ask::Ids(names) if names.is_empty()) {
            return Ok(Vec::new());
        }
        self.begin(&reads::operation(schema), false).await?;
        self.found(schema, region, ask)
    }

    async fn create(&self, schema: &Schema, new: &New<'_>) -> Result<Born, Failure> {
        let operation = writes::operation(schema, writes::Verb::Create);
        self.begin(&operation, true).await?;
        let (born, is_new) = self.created(schema, new).map_err(|failure| failure.of(&operation))?;
        if is_new {
            self.end_write(&operation)?;
        }
        Ok(born)
    }

    async fn update(&self, schema: &Schema, revision: &Revision<'_>) -> Result<Map, Failure> {
        let operation = writes::operation(schema, writes::Verb::Update);
        self.begin(&operation, true).await?;
        let moved = self.updated(schema, revision).map_err(|failure| failure.of(&operation))?;
        self.end_write(&operation)?;
        Ok(moved)
    }

    async fn delete(&self, schema: &Schema, old: &Old<'_>) -> Result<(), Failure> {
        let operation = writes::operation(schema, writes::Verb::Delete);
        self.begin(&operation, true).await?;
        if self.deleted(schema, old).map_err(|failure| failure.of(&operation))? {
            self.end_write(&operation)?;
        }
        Ok(())
    }

    /// Lags are counted in reads here, so no time needs to pass.
    async fn pause(&self, _time: Duration) {
        tokio::task::yield_now().await;
    }

    fn read_only(&self, on: bool) {
        self.is_read_only.set(on);
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.borrow().clone()
    }

    fn is_simulated(&self) -> bool {
        true
    }
}
