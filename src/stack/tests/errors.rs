//! What is wrong with a stack, as a person sees it.

mod fields;
mod names;
mod syntax;
mod whole;

use super::*;
