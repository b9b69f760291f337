//! What a bucket may be called.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>

use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::Value;

const STARTS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const ENDS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

pub fn rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let name = stack.fields(address).and_then(|fields| fields.get("bucket")).and_then(Value::as_str);
    name.and_then(wrong).map(|message| Broken::new("bucket", message)).into_iter().collect()
}

/// Returns what is wrong with a name that has the right characters.
fn wrong(name: &str) -> Option<String> {
    let start = STARTS.iter().find(|start| name.starts_with(**start));
    let end = ENDS.iter().find(|end| name.ends_with(**end));
    if let Some(start) = start {
        return Some(format!("a bucket name does not start with `{start}`"));
    }
    if let Some(end) = end {
        return Some(format!("a bucket name does not end with `{end}`"));
    }
    if name.contains("..") {
        return Some("a bucket name has no two periods in a row".to_owned());
    }
    (name.parse::<std::net::Ipv4Addr>().is_ok()).then(|| "a bucket name is not an IP address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_s3_keeps_for_itself_are_refused() {
        for (name, is_wrong) in [
            ("films", false),
            ("my.films-2", false),
            ("my..films", true),
            ("192.168.5.4", true),
            ("xn--films", true),
            ("films-s3alias", true),
        ] {
            assert_eq!(wrong(name).is_some(), is_wrong, "{name}");
        }
    }
}
