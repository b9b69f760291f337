//! Functions on address ranges, IPv4 and IPv6.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Function, Wrong, integer_of, text_of};
use crate::model::value::Value;

pub(super) const TABLE: &[Function] = &[
    Function::pure(
        "cidr_contains",
        "(range, address_or_range) -> boolean",
        "True if the address or range lies in the range.",
        2,
        2,
        cidr_contains,
    ),
    Function::pure(
        "cidr_host",
        "(range, number) -> text",
        "The address of that number in the range; negative from its end.",
        2,
        2,
        cidr_host,
    ),
    Function::pure(
        "cidr_subnet",
        "(range, bits, number) -> text",
        "The subnet of that number when the range is split by so many more bits.",
        3,
        3,
        cidr_subnet,
    ),
];

fn range_of(values: &[Value], index: usize) -> Result<IpNet, Wrong> {
    let text = text_of(values, index)?;
    let net: IpNet = text
        .parse()
        .map_err(|_| Wrong::argument(index, format!("{text:?} is no range of addresses such as 10.0.0.0/16")))?;
    if net.addr() != net.network() {
        let wrong = Wrong::argument(index, format!("{text:?} has bits behind its prefix"));
        return Err(wrong.help(format!("the range is {}", net.trunc())));
    }
    Ok(net)
}

/// The first address as a number, and how many bits an address has.
fn number(net: &IpNet) -> (u128, u32) {
    match net.network() {
        IpAddr::V4(address) => (u32::from(address).into(), 32),
        IpAddr::V6(address) => (address.into(), 128),
    }
}

fn address(number: u128, width: u32) -> IpAddr {
    if width == 32 { IpAddr::V4((number as u32).into()) } else { IpAddr::V6(number.into()) }
}

fn cidr_subnet(values: &[Value]) -> Result<Value, Wrong> {
    let net = range_of(values, 0)?;
    let (bits, index) = (integer_of(values, 1)?, integer_of(values, 2)?);
    let (base, width) = number(&net);
    let prefix = i64::from(net.prefix_len());
    let longer = prefix.saturating_add(bits);
    if bits < 0 || longer > i64::from(width) {
        return Err(Wrong::argument(
            1,
            format!("a /{prefix} has room for 0 to {} more bits", i64::from(width) - prefix),
        ));
    }
    let last = if bits >= 63 { i64::MAX } else { (1i64 << bits) - 1 };
    if !(0..=last).contains(&index) {
        return Err(Wrong::argument(2, format!("{bits} more bits number the subnets 0 to {last}")));
    }
    let shift = width - longer as u32;
    let offset = if shift >= 128 { 0 } else { (index as u128) << shift };
    Ok(format!("{}/{longer}", address(base | offset, width)).into())
}

fn cidr_host(values: &[Value]) -> Result<Value, Wrong> {
    let net = range_of(values, 0)?;
    let index = integer_of(values, 1)?;
    let (base, width) = number(&net);
    let bits = width - u32::from(net.prefix_len());
    let last = if bits >= 128 { u128::MAX } else { (1u128 << bits) - 1 };
    let offset = if index < 0 {
        last.checked_sub(u128::from(index.unsigned_abs()) - 1)
    } else {
        Some(index as u128).filter(|offset| *offset <= last)
    };
    match offset {
        Some(offset) => Ok(address(base + offset, width).to_string().into()),
        None => Err(Wrong::argument(1, format!("{net} has the addresses 0 to {last}"))),
    }
}

fn cidr_contains(values: &[Value]) -> Result<Value, Wrong> {
    let net = range_of(values, 0)?;
    let text = text_of(values, 1)?;
    let inner = match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
        (Ok(inner), _) => inner,
        (_, Ok(address)) => address.into(),
        _ => return Err(Wrong::argument(1, format!("{text:?} is neither an address nor a range"))),
    };
    Ok(net.contains(&inner).into())
}
