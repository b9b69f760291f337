//! Laws of the engine, on random stacks and a simulated account that misbehaves.

mod apply;
mod convergence;
mod kinds;
mod manage;
mod ordering;
mod random;
mod stack;
