//! What a target group cannot be, whatever the account says.

use super::fields::{asks_http, is_geneve, is_http, is_lambda};
use crate::kinds::fields::Fields;
use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};

pub fn health_checks(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let mut broken = Vec::new();
    if let (Some(timeout), Some(interval)) =
        (fields.integer("health_check_timeout_seconds"), fields.integer("health_check_interval_seconds"))
        && timeout >= interval
        && !is_geneve(fields)
    {
        let message =
            format!("the health check's timeout of {timeout} s is not shorter than its interval of {interval} s");
        broken.push(Broken::new("health_check_timeout_seconds", message));
    }
    let slow = fields.integer("slow_start_duration_seconds").unwrap_or(0);
    if (1..30).contains(&slow) {
        broken.push(
            Broken::new("slow_start_duration_seconds", format!("{slow} s is too short for a slow start"))
                .help("write 0 for none, or 30 to 900"),
        );
    }
    if slow > 0 && fields.text("load_balancing_algorithm_type").is_some_and(|it| it != "round_robin") {
        let message = "a slow start needs `load_balancing_algorithm_type: round_robin`";
        broken.push(Broken::new("slow_start_duration_seconds", message));
    }
    if let Some(path) = fields.text("health_check_path")
        && !path.starts_with('/')
    {
        broken.push(
            Broken::new("health_check_path", "the path of a health check begins with `/`")
                .help(format!("write `/{path}`")),
        );
    }
    if !asks_http(fields) {
        for name in ["health_check_path", "matcher"] {
            if fields.get(name).is_some_and(|value| value.is_known() && !value.is_null()) {
                let message = format!("`{name}` is for health checks over HTTP or HTTPS");
                broken.push(Broken::new(name, message).help("add `health_check_protocol: HTTP`"));
            }
        }
    }
    broken
}

pub fn target_types(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    let mut broken = Vec::new();
    for name in ["protocol", "port", "vpc_id"] {
        if is_lambda(fields) && has(name) {
            broken.push(Broken::new(name, format!("a target group of type `lambda` has no `{name}`")));
        }
        if !is_lambda(fields) && !has(name) {
            let of = fields.text("target_type").unwrap_or_default();
            broken.push(Broken::new("", format!("a target group of type `{of}` needs `{name}`")));
        }
    }
    if let Some(stickiness) = fields.record("stickiness").filter(|it| it.flag("enabled") == Some(true)) {
        let kind = stickiness.text("type").unwrap_or_default();
        if kind == "app_cookie" && stickiness.text("app_cookie_cookie_name").is_none() {
            let message = "stickiness by `app_cookie` needs `app_cookie_cookie_name`";
            broken.push(Broken::new("stickiness.type", message));
        }
        if kind.ends_with("cookie") != is_http(fields) && has("protocol") {
            let protocol = fields.text("protocol").unwrap_or_default();
            let message = format!("stickiness by `{kind}` does not work with protocol {protocol}");
            broken.push(Broken::new("stickiness.type", message));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use crate::kinds::target_groups::TargetGroups;
    use crate::kinds::tests::broken;

    #[test]
    fn what_a_target_group_cannot_be_is_named() {
        let web = "protocol: HTTP, port: 80, vpc_id: vpc-1";
        let tcp = "protocol: TCP, port: 80, vpc_id: vpc-1";
        for (stack, expected) in [
            (web.to_owned(), vec![]),
            (tcp.to_owned(), vec![]),
            ("target_type: lambda".to_owned(), vec![]),
            ("protocol: HTTP, port: 80".to_owned(), vec![""]),
            ("target_type: lambda, port: 80".to_owned(), vec!["port"]),
            (format!("{web}, health_check_timeout_seconds: 30"), vec!["health_check_timeout_seconds"]),
            (format!("{web}, health_check_path: health"), vec!["health_check_path"]),
            (format!("{tcp}, health_check_path: /health"), vec!["health_check_path"]),
            (format!("{tcp}, health_check_protocol: HTTP, health_check_path: /health"), vec![]),
            (format!("{web}, slow_start_duration_seconds: 10"), vec!["slow_start_duration_seconds"]),
            (format!("{web}, stickiness: {{enabled: true, type: lb_cookie}}"), vec![]),
            (format!("{tcp}, stickiness: {{enabled: true, type: lb_cookie}}"), vec!["stickiness.type"]),
            (format!("{web}, stickiness: {{enabled: true, type: app_cookie}}"), vec!["stickiness.type"]),
        ] {
            assert_eq!(broken(&TargetGroups, &stack), expected, "{stack}");
        }
    }
}
