//! Address ranges: what a NetworkPolicy's `ipBlock` takes, what contains what, and the addresses of a service range.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Without host bits: `10.0.0.1/8` is refused, since Kubernetes warns of it and readers take it for one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    #[error("{0:?} is not an address range: write it as 10.0.0.0/8 or fd00::/8")]
    Form(String),
    #[error("{0:?} has bits beyond its prefix: write {1}")]
    HostBits(String, Cidr),
    #[error("{0:?} is a range of IPv4 in the notation of IPv6: write it as 10.0.0.0/8")]
    Mapped(String),
}

// === impl Cidr ===

impl Cidr {
    /// The instance metadata service of EC2: whoever reaches it may become the node.
    pub const METADATA: [&'static str; 2] = ["169.254.169.254/32", "fd00:ec2::254/128"];
    pub const EVERYWHERE: [Self; 2] = [
        Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix: 0 },
        Self { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix: 0 },
    ];

    /// Of RFC 1918, 6598 and 4193: what a VPC has.
    pub fn is_private(&self) -> bool {
        let private = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
        private.iter().filter_map(|text| text.parse::<Self>().ok()).any(|private| private.contains(self))
    }

    pub fn contains(&self, other: &Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.prefix <= other.prefix
            && network_address(other.address, self.prefix) == self.address
    }

    /// The metadata addresses that this range must except. `None`: the range is nothing but such an address.
    pub fn metadata_except(&self) -> Option<Vec<&'static str>> {
        let inside =
            Self::METADATA.into_iter().filter(|text| text.parse().is_ok_and(|metadata| self.contains(&metadata)));
        let inside: Vec<_> = inside.collect();
        (!inside.contains(&self.to_string().as_str())).then_some(inside)
    }

    /// The address so many after the first, as a range of one.
    pub fn nth(&self, n: u8) -> Self {
        match self.address {
            IpAddr::V4(first) => {
                let address = Ipv4Addr::from(u32::from(first).wrapping_add(u32::from(n)));
                Self { address: address.into(), prefix: 32 }
            }
            IpAddr::V6(first) => {
                let address = Ipv6Addr::from(u128::from(first).wrapping_add(u128::from(n)));
                Self { address: address.into(), prefix: 128 }
            }
        }
    }
}

fn network_address(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            Ipv4Addr::from(u32::from(v4) & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)).into()
        }
        IpAddr::V6(v6) => {
            Ipv6Addr::from(u128::from(v6) & u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)).into()
        }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;
    fn from_str(text: &str) -> Result<Self, CidrError> {
        let wrong = || CidrError::Form(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix: u8 = prefix.parse().ok().filter(|_| digits).ok_or_else(wrong)?;
        if prefix > if address.is_ipv4() { 32 } else { 128 } {
            return Err(wrong());
        }
        // No rule about IPv4 would look at it.
        if matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() && prefix > 0) {
            return Err(CidrError::Mapped(text.to_owned()));
        }
        let first = network_address(address, prefix);
        if first == address {
            Ok(Self { address, prefix })
        } else {
            Err(CidrError::HostBits(text.to_owned(), Self { address: first, prefix }))
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().expect(text)
    }

    #[test]
    fn only_whole_ranges_are_read() {
        for (text, reason) in [
            ("10.0.0.0", "no prefix"),
            ("10.0.0.0/33", "prefix too long"),
            ("10.0.0.0/+8", "a sign"),
            ("10.0.0.1/8", "host bits"),
            ("fd00::1/8", "host bits"),
            ("300.0.0.0/8", "no address"),
            ("", "nothing"),
            ("::/129", "prefix too long"),
            ("::ffff:169.254.169.254/128", "IPv4 in the notation of IPv6"),
            ("::ffff:0:0/96", "all of IPv4 in it"),
        ] {
            assert!(text.parse::<Cidr>().is_err(), "{text}: {reason}");
        }
        assert_eq!(
            "10.1.2.3/8".parse::<Cidr>().map_err(|e| e.to_string()),
            Err("\"10.1.2.3/8\" has bits beyond its prefix: write 10.0.0.0/8".into())
        );
    }

    #[test]
    fn ranges_contain_and_except() {
        for (outer, inner, expected, reason) in [
            ("10.0.0.0/8", "10.2.0.0/16", true, "a part of it"),
            ("10.0.0.0/8", "10.0.0.0/8", true, "itself"),
            ("10.2.0.0/16", "10.0.0.0/8", false, "a part does not contain the whole"),
            ("10.0.0.0/16", "10.0.0.0/8", false, "nor does one that begins at the same address"),
            ("10.0.0.0/8", "11.0.0.0/16", false, "the next one"),
            ("0.0.0.0/0", "10.0.0.0/8", true, "everything"),
            ("0.0.0.0/0", "::/0", false, "families are apart"),
            ("fd00::/8", "fd00::/16", true, "of IPv6"),
            ("fd00::/16", "fd00::/8", false, "nor the whole of IPv6"),
        ] {
            assert_eq!(cidr(outer).contains(&cidr(inner)), expected, "{outer} and {inner}: {reason}");
        }
        assert_eq!(cidr("0.0.0.0/0").metadata_except(), Some(vec!["169.254.169.254/32"]));
        assert_eq!(cidr("::/0").metadata_except(), Some(vec!["fd00:ec2::254/128"]));
        assert_eq!(Cidr::EVERYWHERE, [cidr("0.0.0.0/0"), cidr("::/0")]);
        assert_eq!(cidr("10.0.0.0/8").metadata_except(), Some(vec![]));
        assert_eq!(cidr("169.254.169.254/32").metadata_except(), None, "the metadata service itself");
        assert_eq!(cidr("10.100.0.0/16").nth(10).to_string(), "10.100.0.10/32");
        assert_eq!(cidr("fd12::/108").nth(10).to_string(), "fd12::a/128");
    }
}
