//! Calls of functions: `f(x)` and `x.f()` are the same.

use std::ops::Range;

use super::loops::sorted_keys;
use super::operators::cost;
use super::{Eval, Item, Object, Outcome, Stop, collect, fault, tainted};
use crate::model::problem::nearest;
use crate::model::value::Value;
use crate::stack::expr::{Expr, ExprKind, Fault, LOOPS};
use crate::stack::functions::{self, Function, Run};

impl Eval<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        name_at: &Range<u32>,
        target: Option<&Expr>,
        arguments: &[Expr],
    ) -> Outcome {
        if LOOPS.contains(&name) {
            return match target {
                Some(range) => self.a_loop(name, name_at, range, arguments),
                None => {
                    let fault = Fault::new(name_at.clone(), format!("`{name}` is called on a list or a map"));
                    Err(Stop::Fault(fault.help(format!("as in `items.{name}(x, x.…)`"))))
                }
            };
        }
        if name == "has" {
            return self.has(name_at, target, arguments);
        }
        let Some(function) = functions::find(name) else {
            return Err(Stop::Fault(unknown_function(name, name_at)));
        };
        let expressions: Vec<&Expr> = target.into_iter().chain(arguments).collect();
        function.check_count(expressions.len()).map_err(|wrong| Stop::from((wrong, name_at.clone())))?;
        let items = expressions.iter().map(|expr| self.item(expr)).collect::<Result<Vec<_>, _>>()?;
        self.run(function, name_at, &expressions, items)
    }

    fn run(&mut self, function: &Function, at: &Range<u32>, expressions: &[&Expr], items: Vec<Item>) -> Outcome {
        match function.run {
            Run::Values => return self.values(&expressions[0].at, items),
            Run::Keys => return self.keys(&expressions[0].at, items),
            Run::Ids => return self.ids(&expressions[0].at, items),
            Run::Size => return self.size(expressions, items),
            Run::Concat => return self.concat(at, expressions, items),
            Run::Coalesce => return self.coalesce(items),
            Run::Lookup => return self.lookup(at, expressions, items),
            _ => {}
        }
        let values = items
            .into_iter()
            .zip(expressions)
            .map(|(item, expr)| self.force(&expr.at, item))
            .collect::<Result<Vec<_>, _>>()?;
        self.run_on_values(function, at, expressions, values)
    }

    fn run_on_values(
        &mut self,
        function: &Function,
        at: &Range<u32>,
        expressions: &[&Expr],
        values: Vec<Value>,
    ) -> Outcome {
        let unknown = values.iter().find_map(|value| match (function.keeps_unknowns, value.peel()) {
            (true, Value::Unknown(unknown)) => Some(unknown),
            (true, _) => None,
            (false, value) => value.waits_for(),
        });
        if let Some(unknown) = unknown {
            return Ok(Item::Value(Value::Unknown(unknown.clone())));
        }
        self.spend(at, values.iter().map(cost).sum::<u64>() + function.price)?;
        let is_secret = values.iter().any(Value::is_sensitive);
        let values: Vec<Value> = if is_secret { values.iter().map(Value::reveal).collect() } else { values };
        let place = |index: usize| expressions.get(index).map_or(at.clone(), |expr| expr.at.clone());
        let result = match function.run {
            Run::Pure(run) => run(&values).map_err(|wrong| {
                let at = wrong.argument.map_or(at.clone(), place);
                // A message may quote its argument.
                if is_secret {
                    Stop::Fault(Fault::new(at, "this does not take the sensitive value"))
                } else {
                    (wrong, at).into()
                }
            })?,
            Run::Zones => self.scope.zones(),
            Run::File | Run::Template => self.text_of_file(function, &place(0), &place(1), &values)?,
            _ => return fault(at, "this function is called in another way"),
        };
        self.spend(at, cost(&result))?;
        Ok(Item::Value(tainted(result, is_secret)))
    }

    fn text_of_file(
        &mut self,
        function: &Function,
        path_at: &Range<u32>,
        names_at: &Range<u32>,
        values: &[Value],
    ) -> Result<Value, Stop> {
        let Some(path) = values[0].as_str() else {
            return fault(path_at, format!("a path is a string, and this is {}", values[0].type_name()));
        };
        if let Run::File = function.run {
            return self.scope.file(path).map(Value::Str).map_err(|missing| missing.at(path_at));
        }
        match values.get(1).map(|names| (names, names.as_map())) {
            Some((_, Some(names))) => {
                self.scope.template(path, names, self.budget).map_err(|missing| missing.at(path_at))
            }
            Some((other, None)) => fault(names_at, format!("the names are a map, and this is {}", other.type_name())),
            None => self.scope.template(path, &Default::default(), self.budget).map_err(|missing| missing.at(path_at)),
        }
    }

    /// `has(a.b)`: true if there is such a member and it is not null.
    fn has(&mut self, at: &Range<u32>, target: Option<&Expr>, arguments: &[Expr]) -> Outcome {
        let (None, [argument]) = (target, arguments) else {
            return fault(at, "`has` takes one member, as in `has(a.b)`");
        };
        let ExprKind::Member { of, name, .. } = &argument.kind else {
            return fault(&argument.at, "`has` takes a member, as in `has(a.b)`");
        };
        let flag = match self.item(of)? {
            Item::Object(Object::Off) => false,
            Item::Object(object @ (Object::Section(_) | Object::Block(_))) => match self.keys_of(at, &object)? {
                Ok(keys) => keys.contains(name),
                Err(unknown) => return Ok(Item::Value(unknown)),
            },
            Item::Object(object) => {
                match self.scope.member(&object, name).map_err(|missing| missing.at(&argument.at))? {
                    Item::Value(Value::Unknown(unknown)) => return Ok(Item::Value(Value::Unknown(unknown))),
                    Item::Value(value) => !value.is_null(),
                    _ => true,
                }
            }
            Item::Items(_) => return fault(&of.at, "a list has no members"),
            Item::Value(value) => match value.peel() {
                Value::Unknown(_) => return Ok(Item::Value(value)),
                Value::Map(map) => map.contains_key(name),
                Value::Null => false,
                other => return fault(&of.at, format!("{} has no members", other.type_name())),
            },
        };
        Ok(Item::Value(Value::Bool(flag)))
    }

    fn values(&mut self, at: &Range<u32>, mut items: Vec<Item>) -> Outcome {
        match items.remove(0) {
            Item::Object(object) => match self.keys_of(at, &object)? {
                Ok(keys) => {
                    let members =
                        keys.iter().map(|key| self.scope.member(&object, key).map_err(|missing| missing.at(at)));
                    let members: Vec<Item> = members.collect::<Result<_, _>>()?;
                    Ok(collect(members.into_iter().filter(|item| !matches!(item, Item::Object(Object::Off))).collect()))
                }
                Err(unknown) => Ok(Item::Value(unknown)),
            },
            Item::Value(value) => {
                self.spend(at, cost(&value))?;
                let values = match value.peel() {
                    Value::Unknown(_) => return Ok(Item::Value(value)),
                    Value::Map(map) => Value::list(sorted_keys(map.keys()).iter().map(|key| map[key].clone())),
                    other => return fault(at, format!("`values` takes a map, and this is {}", other.type_name())),
                };
                Ok(Item::Value(tainted(values, matches!(value, Value::Secret(_)))))
            }
            Item::Items(_) => fault(at, "`values` takes a map, and this is a list"),
        }
    }

    fn keys(&mut self, at: &Range<u32>, mut items: Vec<Item>) -> Outcome {
        let keys = match items.remove(0) {
            Item::Object(object) => match self.keys_of(at, &object)? {
                Ok(keys) => Value::list(keys),
                Err(unknown) => unknown,
            },
            Item::Value(value) => match value.peel() {
                Value::Unknown(_) => value,
                Value::Map(map) => tainted(Value::list(sorted_keys(map.keys())), matches!(value, Value::Secret(_))),
                other => return fault(at, format!("`keys` takes a map, and this is {}", other.type_name())),
            },
            Item::Items(_) => return fault(at, "`keys` takes a map, and this is a list"),
        };
        Ok(Item::Value(keys))
    }

    /// The ids of resources: of a block with `for_each`, or of a list of resources.
    fn ids(&mut self, at: &Range<u32>, items: Vec<Item>) -> Outcome {
        let resources = match &items[0] {
            Item::Object(Object::Resource(..)) => items,
            Item::Object(_) => vec![self.values(at, items)?],
            _ => items,
        };
        let elements = match &resources[0] {
            Item::Value(value @ Value::Unknown(_)) => return Ok(Item::Value(value.clone())),
            item @ Item::Object(Object::Resource(..)) => vec![item.clone()],
            item => match self.elements_of(item) {
                Some(elements) => elements,
                None => return fault(at, "`ids` takes a block with `for_each`, or a list of resources"),
            },
        };
        let mut ids = Vec::new();
        for element in elements {
            if let Item::Object(Object::Off) = element {
                continue;
            }
            ids.push(self.member(at, element, "id")?);
        }
        Ok(collect(ids))
    }

    fn size(&mut self, expressions: &[&Expr], mut items: Vec<Item>) -> Outcome {
        let at = &expressions[0].at;
        let size = match items.remove(0) {
            Item::Items(items) => items.len(),
            Item::Object(object) => match self.keys_of(at, &object)? {
                Ok(keys) => keys.len(),
                Err(unknown) => return Ok(Item::Value(unknown)),
            },
            Item::Value(value) => match value.peel() {
                Value::Unknown(_) => return Ok(Item::Value(value)),
                Value::Str(text) => text.chars().count(),
                Value::List(items) => items.len(),
                Value::Map(map) => map.len(),
                other => return fault(at, format!("{} has no size", other.type_name())),
            },
        };
        Ok(Item::Value(Value::Int(size as i64)))
    }

    fn concat(&mut self, at: &Range<u32>, expressions: &[&Expr], items: Vec<Item>) -> Outcome {
        let mut all = Vec::new();
        for (item, expr) in items.iter().zip(expressions) {
            if let Item::Value(value) = item
                && let Value::Unknown(_) = value.peel()
            {
                return Ok(Item::Value(value.clone()));
            }
            let Some(elements) = self.elements_of(item) else {
                return fault(&expr.at, "`concat` takes lists");
            };
            self.spend(at, elements.len() as u64)?;
            all.extend(elements);
        }
        Ok(collect(all))
    }

    fn coalesce(&mut self, items: Vec<Item>) -> Outcome {
        let is_there = |item: &Item| {
            !matches!(item, Item::Object(Object::Off)) && !matches!(item, Item::Value(value) if value.is_null())
        };
        Ok(items.into_iter().find(is_there).unwrap_or(Item::Value(Value::Null)))
    }

    fn lookup(&mut self, at: &Range<u32>, expressions: &[&Expr], mut items: Vec<Item>) -> Outcome {
        let otherwise = items.pop().unwrap_or(Item::Value(Value::Null));
        let key = items.pop().unwrap_or(Item::Value(Value::Null));
        let key = self.force(&expressions[1].at, key)?;
        let name = match key.peel() {
            Value::Unknown(_) => return Ok(Item::Value(key)),
            Value::Str(name) => name.clone(),
            other => return fault(&expressions[1].at, format!("a key is a string, and this is {}", other.type_name())),
        };
        match items.remove(0) {
            Item::Object(object) => match self.keys_of(at, &object)? {
                Ok(keys) if keys.contains(&name) => self.member(&expressions[1].at, Item::Object(object), &name),
                Ok(_) => Ok(otherwise),
                Err(unknown) => Ok(Item::Value(unknown)),
            },
            Item::Value(value) => match value.peel() {
                Value::Unknown(_) => Ok(Item::Value(value)),
                Value::Map(map) => Ok(map
                    .get(&name)
                    .map_or(otherwise, |found| Item::Value(tainted(found.clone(), matches!(value, Value::Secret(_)))))),
                other => fault(&expressions[0].at, format!("`lookup` takes a map, and this is {}", other.type_name())),
            },
            Item::Items(_) => fault(&expressions[0].at, "`lookup` takes a map, and this is a list"),
        }
    }
}

fn unknown_function(name: &str, at: &Range<u32>) -> Fault {
    let known = functions::names().chain(LOOPS.iter().copied()).chain(["has"]);
    let fault = Fault::new(at.clone(), format!("there is no function `{name}`"));
    fault.maybe_help(nearest(name, known).map(|near| format!("did you mean `{near}`?")))
}
