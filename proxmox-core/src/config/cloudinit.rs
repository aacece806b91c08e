use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::view::{bad, property_view, read};
use super::{ConfigBag, PropertyString};
use crate::{Error, Result};

/// The address that cloud-init gives to one network card, `ipconfig0` to `ipconfig31`:
/// `ip=192.0.2.5/24,gw=192.0.2.1,ip6=auto`.
///
/// A gateway needs a static address of its family: PVE drops the whole value otherwise, with a warning in a log.
///
/// ```
/// use proxmox_core::config::IpConfig;
/// let ip = IpConfig::new().with_ip("192.0.2.5/24")?.with_gw("192.0.2.1")?.with_ip6("auto")?;
/// assert_eq!(ip.to_string(), "ip=192.0.2.5/24,gw=192.0.2.1,ip6=auto");
/// assert!(IpConfig::new().with_ip("192.0.2.5").unwrap_err().to_string().contains("192.0.2.5/24"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct IpConfig(PropertyString);

property_view!(IpConfig);

/// Where a card's IPv4 address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ipv4Config {
    /// `dhcp`
    Dhcp,
    /// An address with the length of its network's prefix, 0 to 32.
    Static(Ipv4Addr, u8),
}

/// Where a card's IPv6 address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ipv6Config {
    /// `dhcp`
    Dhcp,
    /// `auto`: router advertisements (SLAAC).
    Auto,
    /// An address with the length of its network's prefix, 0 to 128.
    Static(Ipv6Addr, u8),
}

fn cidr<A: std::str::FromStr>(key: &str, text: &str, max: u8, example: &str) -> Result<(A, u8)> {
    let no = |why: &str| Error::invalid(key, format!("{key}: {text:?} {why}"));
    let Some((address, prefix)) = text.split_once('/') else {
        return Err(match text.parse::<IpAddr>() {
            Ok(_) => no(&format!(
                "has no prefix length: write it as {text}{}",
                if max == 32 { "/24" } else { "/64" }
            )),
            Err(_) => no(&format!("is not an address such as {example}")),
        });
    };
    let address = address.parse().map_err(|_| no(&format!("is not an address such as {example}")))?;
    let digits = (1..=3).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_digit());
    match prefix.parse() {
        Ok(prefix) if digits && prefix <= max => Ok((address, prefix)),
        _ => Err(no(&format!("has a prefix length outside 0 to {max}"))),
    }
}

fn ipv4(text: &str) -> Result<Ipv4Config> {
    match text {
        "dhcp" => Ok(Ipv4Config::Dhcp),
        _ => cidr("ip", text, 32, "192.0.2.5/24, or dhcp")
            .map(|(address, prefix)| Ipv4Config::Static(address, prefix)),
    }
}

fn ipv6(text: &str) -> Result<Ipv6Config> {
    match text {
        "dhcp" => Ok(Ipv6Config::Dhcp),
        "auto" => Ok(Ipv6Config::Auto),
        _ => cidr("ip6", text, 128, "2001:db8::5/64, auto or dhcp")
            .map(|(address, prefix)| Ipv6Config::Static(address, prefix)),
    }
}

impl IpConfig {
    fn check(properties: &PropertyString) -> Result<()> {
        let ip = properties.get("ip").map(ipv4).transpose()?;
        let ip6 = properties.get("ip6").map(ipv6).transpose()?;
        let gw: Option<Ipv4Addr> = read("ipconfig", properties, "gw")?;
        let gw6: Option<Ipv6Addr> = read("ipconfig", properties, "gw6")?;
        if gw.is_some() && !matches!(ip, Some(Ipv4Config::Static(..))) {
            return Err(bad("ipconfig", properties, "gw needs a static ip"));
        }
        if gw6.is_some() && !matches!(ip6, Some(Ipv6Config::Static(..))) {
            return Err(bad("ipconfig", properties, "gw6 needs a static ip6"));
        }
        Ok(())
    }

    /// No address at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// IPv4 by DHCP.
    #[must_use]
    pub fn dhcp() -> Self {
        Self("ip=dhcp".into())
    }

    /// Where the IPv4 address comes from; `None` leaves the card without one.
    #[must_use]
    pub fn ip(&self) -> Option<Ipv4Config> {
        ipv4(self.0.get("ip")?).ok()
    }

    /// The IPv4 gateway.
    #[must_use]
    pub fn gw(&self) -> Option<Ipv4Addr> {
        self.0.get("gw")?.parse().ok()
    }

    /// Where the IPv6 address comes from; `None` leaves the card without one.
    #[must_use]
    pub fn ip6(&self) -> Option<Ipv6Config> {
        ipv6(self.0.get("ip6")?).ok()
    }

    /// The IPv6 gateway.
    #[must_use]
    pub fn gw6(&self) -> Option<Ipv6Addr> {
        self.0.get("gw6")?.parse().ok()
    }

    /// Sets the IPv4 address: `192.0.2.5/24` or `dhcp`.
    ///
    /// # Errors
    /// `InvalidInput` for a missing or impossible prefix length, a malformed address, or DHCP beside a gateway.
    pub fn with_ip(self, ip: &str) -> Result<Self> {
        self.with("ip", ip)
    }

    /// Sets the IPv4 gateway, after a static address.
    ///
    /// # Errors
    /// `InvalidInput` for a malformed address, and without a static one to go with.
    pub fn with_gw(self, gw: &str) -> Result<Self> {
        self.with("gw", gw)
    }

    /// Sets the IPv6 address: `2001:db8::5/64`, `auto` or `dhcp`.
    ///
    /// # Errors
    /// As [`with_ip`](Self::with_ip).
    pub fn with_ip6(self, ip6: &str) -> Result<Self> {
        self.with("ip6", ip6)
    }

    /// Sets the IPv6 gateway, after a static address.
    ///
    /// # Errors
    /// As [`with_gw`](Self::with_gw).
    pub fn with_gw6(self, gw6: &str) -> Result<Self> {
        self.with("gw6", gw6)
    }
}

/// What PVE leaves as it is in `sshkeys`: above all no `/`, no `+` and no space.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The value of `sshkeys`: one public key a line, every other byte than letters, digits and `-_.~` as `%XX`.
///
/// This encoding belongs to the value; a form encodes the result once more. (The `ssh-public-keys` of a container are
/// plain text.) A key may itself be several lines, as in a file of keys; blank lines and comments are left out.
///
/// ```
/// use proxmox_core::config::{decode_sshkeys, encode_sshkeys};
/// let text = encode_sshkeys(["ssh-ed25519 AAAA+b/c me@here"])?;
/// assert_eq!(text, "ssh-ed25519%20AAAA%2Bb%2Fc%20me%40here");
/// assert_eq!(decode_sshkeys(&text)?, ["ssh-ed25519 AAAA+b/c me@here"]);
/// # Ok::<(), proxmox_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for a private key, which is not repeated in the error, and for what is not `TYPE BASE64 [COMMENT]`.
pub fn encode_sshkeys<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Result<String> {
    let no = |why: &str| Err(Error::invalid("sshkeys", format!("sshkeys: {why}")));
    let mut lines = Vec::new();
    for key in keys {
        if key.as_ref().contains("PRIVATE KEY") {
            return no("this is a private key; give the public one");
        }
        for line in
            key.as_ref().lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            if line.chars().any(|c| c.is_control() && c != '\t') {
                return no("a key holds a control character");
            }
            let body = line.split_whitespace().skip(1).any(|word| word.starts_with("AAAA"));
            if !body {
                return no("expected TYPE BASE64 [COMMENT], such as ssh-ed25519 AAAA… name");
            }
            lines.push(line.to_owned());
        }
    }
    Ok(utf8_percent_encode(&lines.join("\n"), UNRESERVED).to_string())
}

/// The public keys in a value of `sshkeys`, in order, without blank lines.
///
/// # Errors
/// `InvalidInput` for a broken `%XX` and for text that is not UTF-8.
pub fn decode_sshkeys(text: &str) -> Result<Vec<String>> {
    let no = || Error::invalid("sshkeys", format!("sshkeys: {text:?} is not percent-encoded text"));
    let hex = |pair: Option<&[u8]>| pair.is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
    let bytes = text.as_bytes();
    let percents = bytes.iter().enumerate().filter(|(_, b)| **b == b'%');
    if !percents.map(|(at, _)| bytes.get(at + 1..at + 3)).all(hex) {
        return Err(no());
    }
    let plain = percent_decode_str(text).decode_utf8().map_err(|_| no())?;
    Ok(plain.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

impl ConfigBag {
    /// The addresses that cloud-init gives, by the number of the network card; an unreadable one does not spoil the
    /// others.
    #[must_use]
    pub fn ip_configs(&self) -> Vec<(u32, Result<IpConfig>)> {
        self.numbered("ipconfig").into_iter().map(|(n, text)| (n, IpConfig::parse(text))).collect()
    }

    /// The ssh public keys that cloud-init installs. To set them: `bag.set("sshkeys", encode_sshkeys(keys)?)`.
    ///
    /// # Errors
    /// As [`decode_sshkeys`].
    pub fn ssh_keys(&self) -> Result<Vec<String>> {
        self.get("sshkeys").map_or_else(|| Ok(Vec::new()), decode_sshkeys)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses() {
        let both = IpConfig::parse("ip=dhcp,ip6=auto").unwrap();
        assert_eq!((both.ip(), both.ip6()), (Some(Ipv4Config::Dhcp), Some(Ipv6Config::Auto)));
        let fixed =
            IpConfig::parse("gw=192.0.2.1,ip=192.0.2.5/24,gw6=fe80::1,ip6=2001:db8::5/64,new=1").unwrap();
        assert_eq!(fixed.ip(), Some(Ipv4Config::Static(Ipv4Addr::new(192, 0, 2, 5), 24)));
        assert_eq!(fixed.gw(), Some(Ipv4Addr::new(192, 0, 2, 1)));
        assert_eq!(fixed.ip6(), Some(Ipv6Config::Static("2001:db8::5".parse().unwrap(), 64)));
        assert_eq!(fixed.gw6(), Some("fe80::1".parse().unwrap()));
        assert_eq!(
            fixed.clone().with_ip("192.0.2.6/32").unwrap().with_gw6("fe80::2").unwrap().to_string(),
            "gw=192.0.2.1,ip=192.0.2.6/32,gw6=fe80::2,ip6=2001:db8::5/64,new=1"
        );
        assert!(fixed.with_ip("dhcp").is_err(), "a gateway stays behind");
        assert_eq!(IpConfig::dhcp().with_ip6("dhcp").unwrap().to_string(), "ip=dhcp,ip6=dhcp");
        assert_eq!(IpConfig::new().to_string(), "");
    }

    #[test]
    fn impossible_addresses() {
        for bad in [
            "ip=192.0.2.5",
            "ip=192.0.2.5/33",
            "ip=192.0.2.5/",
            "ip=192.0.2.5/+8",
            "ip=192.0.2.256/24",
            "ip=auto",
            "ip=2001:db8::5/64",
            "ip6=2001:db8::5",
            "ip6=2001:db8::5/129",
            "ip6=192.0.2.5/24",
            "ip=dhcp,gw=192.0.2.1",
            "gw=192.0.2.1",
            "ip=192.0.2.5/24,gw=here",
            "ip=192.0.2.5/24,gw6=fe80::1",
            "ip6=auto,gw6=fe80::1",
        ] {
            assert_eq!(IpConfig::parse(bad).unwrap_err().kind(), crate::ErrorKind::InvalidInput, "{bad}");
        }
    }

    #[test]
    fn ssh_keys_as_pve_takes_them() {
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdTz0p+Zk3c4yq0b8z5mP4yq6m5m2XQbYQ2V8Qb2u+/ user@host";
        let stored = "ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIJdTz0p%2BZk3c4yq0b8z5mP4yq6m5m2XQbYQ2V8Qb2u%2B%2F%20user%40host";
        assert_eq!(encode_sshkeys([key]).unwrap(), stored);
        assert_eq!(decode_sshkeys(stored).unwrap(), [key]);
        let file = format!("# mine\n{key}\r\n\n{key}\n");
        let twice = encode_sshkeys([file.as_str()]).unwrap();
        assert_eq!(twice, format!("{stored}%0A{stored}"));
        assert_eq!(decode_sshkeys(&format!("{twice}%0A")).unwrap(), [key, key]);
        assert_eq!(encode_sshkeys(Vec::<String>::new()).unwrap(), "");
        let options = format!("no-pty,command=\"ls -l\" {key}");
        assert_eq!(decode_sshkeys(&encode_sshkeys([&options]).unwrap()).unwrap(), [options]);
    }

    #[test]
    fn what_is_no_public_key() {
        for bad in [
            "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n",
            "hunter2",
            "ssh-rsa hunter2",
            "ssh-rsa AAAA\0hunter2",
        ] {
            let error = encode_sshkeys([bad]).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        for bad in ["%", "%2", "%zz", "a%+1", "%ff", "%é"] {
            assert!(decode_sshkeys(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn keys_come_back(keys in prop::collection::vec("[a-z0-9-]{3,9} AAAA[A-Za-z0-9+/]{0,40}={0,2}( \\PC{0,12}[a-z])?", 0..4)) {
            let text = encode_sshkeys(&keys).unwrap();
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"%-_.~".contains(&b);
            prop_assert!(text.bytes().all(allowed));
            prop_assert_eq!(decode_sshkeys(&text).unwrap(), keys);
        }

        #[test]
        fn no_text_panics(text in prop_oneof![any::<String>(), "(ip6?|gw6?)=[0-9a-f:./dhcp]{0,12}", "[%0-9a-f]{0,12}"]) {
            let _ = (decode_sshkeys(&text), encode_sshkeys([&text]));
            if let Ok(ip) = IpConfig::parse(&text) {
                prop_assert_eq!(ip.to_string(), text);
            }
        }
    }
}
