//! Which launch template a group uses: pinned by number in a stack, by text on the wire.

use crate::kinds::fields::Fields;
use crate::kinds::stated::{self, Unsaid};
use crate::model::shape::{Equal, Field, Record};
use crate::model::value::{Map, Value};

/// Auto Scaling's defaults of a mixed policy:
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html>.
const MIXED: Unsaid = Unsaid {
    defaults: &[
        ("on_demand_allocation_strategy", "prioritized"),
        ("on_demand_base_capacity", "0"),
        ("on_demand_percentage_above_base_capacity", "100"),
        ("spot_allocation_strategy", "lowest-price"),
        ("spot_instance_pools", "2"),
    ],
    // Told apart by `specification`, which ignores whichever of id and name is not stated.
    unseen: &["launch_template_specification"],
};

/// Returns the fields of a specification: a version is a number, so that a new one is a change of the group.
pub fn specification(generated: Record) -> Record {
    generated
        .with("launch_template_id", |field| field.refers("launch_templates", "id").compared(Equal::By(if_stated)))
        .with("launch_template_name", |field| {
            field.refers("launch_templates", "launch_template_name").compared(Equal::By(if_stated))
        })
        .with("version", |field| {
            let number = Field::integer(1, i64::MAX).link(field.link);
            number.note("As in `${launch_templates.web.latest_version}`; omitted: the template's default version.")
        })
}

/// A template is named by its id or by its name; Auto Scaling reports both.
fn if_stated(desired: &Value, live: &Value) -> bool {
    desired.is_null() || desired == live
}

/// Returns true if two specifications name the same version of the same template.
pub fn same_specification(desired: &Value, live: &Value) -> bool {
    let (Some(desired), Some(live)) = (desired.as_map(), live.as_map()) else {
        return desired.is_empty() && live.is_empty();
    };
    let same = |name: &str| desired.text(name).is_none_or(|text| live.text(name).as_ref() == Some(&text));
    same("launch_template_id") && same("launch_template_name") && desired.text("version") == live.text("version")
}

/// Returns true if two mixed policies launch the same instances.
pub fn same_mixed(desired: &Value, live: &Value) -> bool {
    let template = |value: &Value| value.get("launch_template").cloned().unwrap_or_default();
    let named = |value: &Value| value.get("launch_template_specification").cloned().unwrap_or_default();
    let overrides =
        |value: &Value| value.get("overrides").and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
    let (one, other) = (template(desired), template(live));
    let (ours, theirs) = (overrides(&one), overrides(&other));
    stated::same(desired, live, MIXED)
        && same_specification(&named(&one), &named(&other))
        && ours.iter().zip(&theirs).all(|(one, other)| same_specification(&named(one), &named(other)))
}

/// Returns a specification, or all those inside a value, in Auto Scaling's form.
pub fn to_wire(value: &Value) -> Value {
    each_specification(value, |fields| {
        let version = fields.text("version").unwrap_or_else(|| "$Default".to_owned());
        fields.insert("version".into(), version.into());
    })
}

/// Returns a specification, or all those inside a value, in the stack's form.
pub fn from_wire(value: &Value) -> Value {
    each_specification(value, |fields| {
        let version = fields.text("version").unwrap_or_default();
        match version.parse::<i64>() {
            Ok(number) => fields.insert("version".into(), number.into()),
            Err(_) if version.is_empty() || version == "$Default" => fields.shift_remove("version"),
            // `$Latest`: no number, so it differs from whatever a stack says.
            Err(_) => None,
        };
    })
}

fn each_specification(value: &Value, edit: impl Fn(&mut Map) + Copy) -> Value {
    match value {
        Value::Map(map) if map.contains_key("launch_template_id") || map.contains_key("launch_template_name") => {
            let mut fields = Map::clone(map);
            edit(&mut fields);
            fields.into()
        }
        Value::Map(map) => Value::map(map.iter().map(|(key, value)| (key.clone(), each_specification(value, edit)))),
        Value::List(items) => Value::list(items.iter().map(|item| each_specification(item, edit))),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Value {
        Value::from(serde_yaml::from_str::<serde_json::Value>(text).expect("sound YAML"))
    }

    #[test]
    fn a_template_is_named_by_id_or_by_name() {
        let live = yaml("{launch_template_id: lt-1, launch_template_name: web, version: 3}");
        for (desired, expected) in [
            ("{launch_template_id: lt-1, version: 3}", true),
            ("{launch_template_name: web, version: 3}", true),
            ("{launch_template_id: lt-1, version: 4}", false),
            ("{launch_template_id: lt-1}", false),
            ("{launch_template_id: lt-2, version: 3}", false),
        ] {
            assert_eq!(same_specification(&yaml(desired), &live), expected, "{desired}");
        }
    }

    #[test]
    fn versions_are_numbers_here_and_text_there() {
        let stack = yaml("{launch_template: {launch_template_specification: {launch_template_id: lt-1, version: 3}}}");
        let wire = yaml("{launch_template: {launch_template_specification: {launch_template_id: lt-1, version: '3'}}}");
        assert_eq!(to_wire(&stack), wire);
        assert_eq!(from_wire(&wire), stack);
        let default = yaml("{launch_template_id: lt-1}");
        assert_eq!(from_wire(&to_wire(&default)), default);
    }

    #[test]
    fn what_auto_scaling_fills_into_a_mixed_policy_is_no_change() {
        let stack = "{launch_template: {launch_template_specification: {launch_template_id: lt-1, version: 3},
            overrides: [{instance_type: t3.micro}]}, instances_distribution: {on_demand_base_capacity: 1}}";
        let live = "{launch_template: {launch_template_specification: {launch_template_id: lt-1,
            launch_template_name: web, version: 3}, overrides: [{instance_type: t3.micro}]}, instances_distribution:
            {on_demand_base_capacity: 1, on_demand_percentage_above_base_capacity: 100, spot_instance_pools: 2}}";
        assert!(same_mixed(&yaml(stack), &yaml(live)));
        assert!(!same_mixed(&yaml(&stack.replace("t3.micro", "t3.small")), &yaml(live)));
        assert!(!same_mixed(&yaml(&stack.replace("version: 3", "version: 4")), &yaml(live)));
    }
}
