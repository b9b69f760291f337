//! Offline checks of CIDR blocks, shared by the network kinds.

use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::model::schema::Broken;

/// The sizes of an IPv4 block of a VPC or subnet:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>.
pub const NETWORK_SIZES: RangeInclusive<u8> = 16..=28;

/// The sizes of a block that only matches addresses, as in a rule or a route.
pub const ANY_V4: RangeInclusive<u8> = 0..=32;
pub const ANY_V6: RangeInclusive<u8> = 0..=128;

/// Reads an IPv4 block as EC2 spells it, of one of these sizes.
pub fn v4(path: &str, text: &str, sizes: RangeInclusive<u8>) -> Result<Ipv4Net, Broken> {
    let net: Ipv4Net = text.parse().map_err(|_| not_a_block(path, text, "IPv4", "10.0.0.0/24"))?;
    well_formed(path, text, net.into(), sizes)?;
    Ok(net)
}

/// Reads an IPv6 block as EC2 spells it, of one of these sizes.
pub fn v6(path: &str, text: &str, sizes: RangeInclusive<u8>) -> Result<Ipv6Net, Broken> {
    let net: Ipv6Net = text.parse().map_err(|_| not_a_block(path, text, "IPv6", "2001:db8::/64"))?;
    well_formed(path, text, net.into(), sizes)?;
    Ok(net)
}

/// Returns true if the two blocks share an address.
pub fn overlap(a: &Ipv4Net, b: &Ipv4Net) -> bool {
    a.contains(b) || b.contains(a)
}

fn not_a_block(path: &str, text: &str, family: &str, example: &str) -> Broken {
    Broken::new(path, format!("`{text}` is not an {family} CIDR block"))
        .help(format!("write an address and a prefix length, as in `{example}`"))
}

fn well_formed(path: &str, text: &str, net: IpNet, sizes: RangeInclusive<u8>) -> Result<(), Broken> {
    let whole = net.trunc();
    if whole != net {
        return Err(Broken::new(path, format!("`{text}` has bits set after its prefix"))
            .help(format!("did you mean `{whole}`?")));
    }
    if !sizes.contains(&net.prefix_len()) {
        let (largest, smallest) = (sizes.start(), sizes.end());
        return Err(Broken::new(path, format!("the size of `{text}` is not between /{largest} and /{smallest}")));
    }
    if whole.to_string() != text {
        return Err(Broken::new(path, format!("`{text}` is not spelled as AWS spells it"))
            .help(format!("write `{whole}`, or the next plan shows a change")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let broken =
            if text.contains(':') { v6("cidr", text, ANY_V6).err() } else { v4("cidr", text, NETWORK_SIZES).err() };
        let said = broken.map(|broken| format!("{}; {}", broken.message, broken.help.unwrap_or_default()));
        assert_eq!(said.unwrap_or_default(), expected, "{text}");
    }

    #[test]
    fn blocks_are_read_as_aws_spells_them() {
        check("10.0.0.0/16", "");
        check("10.0.0.0/28", "");
        check("::/0", "");
        check("10.0.0.1/24", "`10.0.0.1/24` has bits set after its prefix; did you mean `10.0.0.0/24`?");
        check("10.0.0.0/8", "the size of `10.0.0.0/8` is not between /16 and /28; ");
        check(
            "2001:DB8::/32",
            "`2001:DB8::/32` is not spelled as AWS spells it; write `2001:db8::/32`, or the next plan shows a change",
        );
        for text in ["10.0.0.0", "10.0.0/24", "10.0.0.0/33", "ten/24", ""] {
            check(
                text,
                &format!(
                    "`{text}` is not an IPv4 CIDR block; write an address and a prefix length, as in `10.0.0.0/24`"
                ),
            );
        }
    }
}
