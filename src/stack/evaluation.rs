//! One evaluation of a stack against what is known of the account. Everything is worked out once, when first asked for.
//!
//! A value can need others that can need others: from a few steps on, the next one is not worked out on the spot but
//! put on a list and everything above it started again. So no chain of references, however long, overflows the stack.

use std::cell::{Cell as Counter, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::eval::{Budget, COST_MAX, Item, Missing, Object, cost, suggestion};
use super::program::{Block, Program};
use super::source::Report;
use super::term::{Term, TermKind};
use super::typing::Typing;
use super::view::{Each, View};
use crate::model::problem::Problem;
use crate::model::shape::{Field, Shape};
use crate::model::stack::Facts;
use crate::model::value::Value;

/// How many values may wait for each other before a new start is made.
const HOPS_MAX: usize = 6;
/// How deep a value may be nested.
const LEVELS_MAX: usize = 128;

/// What is worked out of a program, with what is known of the account.
pub struct Evaluation<'p> {
    pub program: &'p Program,
    pub facts: &'p Facts,
    pub report: &'p Report,
    pub budget: Budget,
    cells: RefCell<HashMap<Cell, State>>,
    /// What other evaluations worked out from the same account: nothing in it depends on a resource.
    shared: Rc<SharedCells>,
    /// Cells that looked at a resource, or at another such cell.
    impure: RefCell<HashSet<Cell>>,
    /// How often one looked so far.
    looks: Counter<u64>,
    /// What is being worked out, outermost first.
    active: RefCell<Vec<Cell>>,
    /// What must be worked out before the outermost can be tried again.
    need: RefCell<Option<Cell>>,
}

/// Something that is worked out once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    Local(usize),
    /// The stack's own tags.
    Tags,
    Instances(usize),
    /// Block, key, and the field by its place in the block.
    Field(usize, Option<Arc<str>>, usize),
}

#[derive(Clone, Debug)]
pub enum State {
    Active,
    Failed,
    Item(Item),
    Instances(Rc<Instances>),
}

type SharedCells = RefCell<HashMap<Cell, State>>;

/// What does not depend on any resource is worked out once for all evaluations with the same account and zones: an apply
/// evaluates the fields of every resource by themselves.
#[derive(Debug, Default)]
pub struct Shared {
    by_account: RefCell<Vec<(Facts, Rc<SharedCells>)>>,
}

/// More sets of facts than this are not kept: there are those of `validate`, and those of the account.
const SHARED_MAX: usize = 4;

impl Shared {
    /// Returns what is shared by evaluations that know the same of the account.
    fn of(&self, facts: &Facts) -> Rc<SharedCells> {
        let is_same = |other: &Facts| {
            other.account == facts.account && other.partition == facts.partition && other.zones == facts.zones
        };
        let mut known = self.by_account.borrow_mut();
        if let Some((_, cells)) = known.iter().find(|(other, _)| is_same(other)) {
            return cells.clone();
        }
        if known.len() >= SHARED_MAX {
            known.remove(0);
        }
        let cells = Rc::default();
        let facts = Facts {
            account: facts.account.clone(),
            partition: facts.partition.clone(),
            zones: facts.zones.clone(),
            ..Facts::default()
        };
        known.push((facts, Rc::clone(&cells)));
        cells
    }
}

/// The resources that a block stands for.
#[derive(Debug)]
pub enum Instances {
    One {
        is_on: bool,
    },
    Each(IndexMap<Arc<str>, Instance>),
    /// `for_each` or `when` waits for something.
    Unknown(Value),
}

/// One resource of a block with `for_each`.
#[derive(Debug)]
pub struct Instance {
    pub value: Item,
    pub is_on: bool,
}

impl<'p> Evaluation<'p> {
    pub fn new(program: &'p Program, facts: &'p Facts, report: &'p Report) -> Evaluation<'p> {
        Evaluation {
            program,
            facts,
            report,
            budget: Budget::default(),
            cells: RefCell::default(),
            shared: program.shared.of(facts),
            impure: RefCell::default(),
            looks: Counter::default(),
            active: RefCell::default(),
            need: RefCell::default(),
        }
    }

    /// Returns a local's value.
    pub fn local(&self, name: &str) -> Result<Item, Missing> {
        match self.program.locals.get_index_of(name) {
            Some(index) => self.item(Cell::Local(index)),
            None => Err(Missing::member("`locals`", name, self.program.locals.keys().map(|name| &**name))),
        }
    }

    /// Returns what a name in a section stands for: one resource, or the block whose members are.
    pub fn block(&self, schema: usize, name: &str) -> Result<Item, Missing> {
        let Some(block) = self.program.find(schema, name) else {
            let kind = self.program.schemas[schema].kind;
            let names: Vec<&str> = self.program.names(schema).collect();
            let help = suggestion(name, &names);
            return Err(Missing::Wrong { message: format!("there is no `{name}` in `{kind}`"), help });
        };
        if self.program.blocks[block].for_each.is_some() {
            return Ok(Item::Object(Object::Block(block)));
        }
        Ok(match &*self.instances(block)? {
            Instances::One { is_on: false } => Item::Object(Object::Off),
            Instances::Unknown(unknown) => Item::Value(unknown.clone()),
            _ => Item::Object(Object::Resource(block, None)),
        })
    }

    /// Returns the instance of a block with `for_each`.
    pub fn instance(&self, block: usize, key: &str) -> Result<Item, Missing> {
        let instances = self.instances(block)?;
        let list = match &*instances {
            Instances::Each(list) => list,
            Instances::Unknown(unknown) => return Ok(Item::Value(unknown.clone())),
            Instances::One { .. } => return Ok(Item::Object(Object::Resource(block, None))),
        };
        match list.get_key_value(key) {
            Some((key, instance)) if instance.is_on => Ok(Item::Object(Object::Resource(block, Some(key.clone())))),
            Some(_) => Ok(Item::Object(Object::Off)),
            None => {
                let what = format!("`{}`", self.program.address(block, None));
                Err(Missing::member(&what, key, list.keys().map(|key| &**key)))
            }
        }
    }

    /// Returns the resources that a block stands for.
    pub fn instances(&self, block: usize) -> Result<Rc<Instances>, Missing> {
        let entry = &self.program.blocks[block];
        if entry.for_each.is_none() && entry.when.is_none() {
            return Ok(Rc::new(Instances::One { is_on: true }));
        }
        match self.settled(Cell::Instances(block))? {
            State::Instances(instances) => Ok(instances),
            _ => Err(Missing::Reported),
        }
    }

    /// Returns the value of a field that the stack writes. Null counts as not written.
    pub fn field(&self, block: usize, key: Option<&Arc<str>>, field: usize) -> Result<Value, Missing> {
        match self.item(Cell::Field(block, key.cloned(), field))? {
            Item::Value(value) => Ok(value),
            _ => Err(Missing::Reported),
        }
    }

    /// Returns the stack's own tags.
    pub fn stack_tags(&self) -> Result<Value, Missing> {
        match self.item(Cell::Tags)? {
            Item::Value(value) => Ok(value),
            _ => Err(Missing::Reported),
        }
    }

    /// Returns what expressions in an instance of a block see.
    pub fn view(&self, block: &Block, key: Option<&Arc<str>>) -> View<'_> {
        let each = match (key, &block.for_each) {
            (Some(key), _) => Some(Each { key: key.clone().into(), value: self.each_value(block, key) }),
            (None, Some(_)) => {
                Some(Each { key: Value::unknown("each.key"), value: Item::Value(Value::unknown("each.value")) })
            }
            (None, None) => None,
        };
        View::new(self, each)
    }

    fn each_value(&self, block: &Block, key: &str) -> Item {
        let unknown = || Item::Value(Value::unknown("each.value"));
        match self.state(&Cell::Instances(block.index)) {
            Some(State::Instances(instances)) => match &*instances {
                Instances::Each(list) => list.get(key).map_or_else(unknown, |instance| instance.value.clone()),
                _ => unknown(),
            },
            _ => unknown(),
        }
    }

    /// Says that evaluation recurses too deep: a new start further down helps unless this is the outermost already.
    pub fn too_deep(&self) -> Missing {
        let active = self.active.borrow();
        match active.as_slice() {
            [_, .., last] => {
                *self.need.borrow_mut() = Some(last.clone());
                Missing::Reported
            }
            _ => Missing::new("this goes through too many expressions"),
        }
    }

    fn item(&self, cell: Cell) -> Result<Item, Missing> {
        match self.settled(cell)? {
            State::Item(item) => Ok(item),
            _ => Err(Missing::Reported),
        }
    }

    /// Returns a cell's state once it is worked out.
    fn settled(&self, cell: Cell) -> Result<State, Missing> {
        match self.state(&cell) {
            Some(State::Active) => return Err(self.ring(&cell)),
            Some(State::Failed) => return Err(Missing::Reported),
            Some(done) => {
                if self.impure.borrow().contains(&cell) {
                    self.look();
                }
                return Ok(done);
            }
            None => {}
        }
        let depth = self.active.borrow().len();
        if depth == 0 {
            return self.drive(cell);
        }
        if depth >= HOPS_MAX {
            *self.need.borrow_mut() = Some(cell);
            return Err(Missing::Reported);
        }
        self.work_out(&cell)
    }

    fn state(&self, cell: &Cell) -> Option<State> {
        self.cells.borrow().get(cell).or(self.shared.borrow().get(cell)).cloned()
    }

    /// Notes that what is being worked out depends on a resource.
    pub fn look(&self) {
        self.looks.set(self.looks.get() + 1);
    }

    /// Works out the outermost cell, and first whatever turns out to be too far down.
    fn drive(&self, cell: Cell) -> Result<State, Missing> {
        let mut waiting = vec![cell];
        loop {
            let Some(top) = waiting.last().cloned() else { return Err(Missing::Reported) };
            let result = self.budget.afresh(|| self.work_out(&top));
            match self.need.take() {
                Some(next) if waiting.contains(&next) => {
                    let names: Vec<String> = waiting.iter().map(|cell| format!("`{}`", self.name(cell))).collect();
                    for cell in waiting {
                        self.cells.borrow_mut().insert(cell, State::Failed);
                    }
                    return Err(Missing::new(format!("this depends on itself, through {}", names.join(", "))));
                }
                Some(next) => waiting.push(next),
                None => {
                    waiting.pop();
                    if waiting.is_empty() {
                        return result;
                    }
                }
            }
        }
    }

    fn work_out(&self, cell: &Cell) -> Result<State, Missing> {
        self.cells.borrow_mut().insert(cell.clone(), State::Active);
        self.active.borrow_mut().push(cell.clone());
        let before = self.report.count();
        let looks = self.looks.get();
        let outcome = self.compute(cell);
        self.active.borrow_mut().pop();
        if self.need.borrow().is_some() {
            self.cells.borrow_mut().remove(cell);
            return Err(Missing::Reported);
        }
        let state = match outcome {
            Some(state) if self.report.count() == before => state,
            _ => State::Failed,
        };
        self.cells.borrow_mut().insert(cell.clone(), state.clone());
        if self.looks.get() > looks {
            self.impure.borrow_mut().insert(cell.clone());
        } else if !matches!((cell, &state), (Cell::Field(..), _) | (_, State::Failed)) {
            self.shared.borrow_mut().insert(cell.clone(), state.clone());
        }
        if let State::Failed = state { Err(Missing::Reported) } else { Ok(state) }
    }

    fn compute(&self, cell: &Cell) -> Option<State> {
        match cell {
            Cell::Local(index) => {
                let local = &self.program.locals[*index];
                let view = View::new(self, None);
                let item = match &local.kind {
                    TermKind::Template(template) => view.item(template)?,
                    _ => Item::Value(Typing { view: &view }.term(local, &Shape::Document, "")),
                };
                self.within_bounds(&item, local).then_some(State::Item(item))
            }
            Cell::Tags => {
                let Some(term) = &self.program.tags else { return Some(State::Item(Item::Value(Value::Null))) };
                let view = View::new(self, None);
                let shape = Field::text_map().shape;
                Some(State::Item(Item::Value(Typing { view: &view }.term(term, &shape, "tags"))))
            }
            Cell::Instances(block) => {
                self.expand(&self.program.blocks[*block]).map(|all| State::Instances(Rc::new(all)))
            }
            Cell::Field(block, key, field) => {
                let block = &self.program.blocks[*block];
                let (name, term) = block.fields.get_index(*field)?;
                let shape = &self.program.schemas[block.schema].fields.fields[*name].shape;
                let view = self.view(block, key.as_ref());
                let item = Item::Value(Typing { view: &view }.term(term, shape, name));
                self.within_bounds(&item, term).then_some(State::Item(item))
            }
        }
    }

    /// Values share their parts, so a chain of small ones can stand for an endless tree.
    fn within_bounds(&self, item: &Item, term: &Term) -> bool {
        let Item::Value(value) = item else { return true };
        let is_fine = cost(value) < COST_MAX && levels(value, LEVELS_MAX) < LEVELS_MAX;
        if !is_fine {
            self.report.push(Problem::at(term.span, "this value is too large"));
        }
        is_fine
    }

    fn ring(&self, cell: &Cell) -> Missing {
        let active = self.active.borrow();
        let start = active.iter().position(|other| other == cell).unwrap_or(0);
        let mut names: Vec<String> = active[start..].iter().map(|cell| self.name(cell)).collect();
        names.push(self.name(cell));
        let message = format!("`{}` depends on itself", names[0]);
        Missing::Wrong { message, help: Some(format!("the ring is {}", names.join(" → "))) }
    }

    /// Names a cell as a reference would.
    fn name(&self, cell: &Cell) -> String {
        match cell {
            Cell::Local(index) => {
                format!("locals.{}", self.program.locals.get_index(*index).map_or("", |(name, _)| name))
            }
            Cell::Tags => "tags".into(),
            Cell::Instances(block) => format!("{}.manage", self.program.address(*block, None)),
            Cell::Field(block, key, field) => {
                let name = self.program.blocks[*block].fields.get_index(*field).map_or("", |(name, _)| *name);
                format!("{}.{name}", self.program.address(*block, key.as_ref()))
            }
        }
    }
}

/// Returns how deep a value is nested, at most `limit`.
fn levels(value: &Value, limit: usize) -> usize {
    if limit == 0 {
        return 0;
    }
    let inner = |value: &Value| levels(value, limit - 1);
    1 + match value.peel() {
        Value::List(items) => items.iter().map(inner).max().unwrap_or(0),
        Value::Map(map) => map.values().map(inner).max().unwrap_or(0),
        _ => 0,
    }
}
