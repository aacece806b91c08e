//! What procedures take and give, as libvirt's protocol has it.

use std::fmt;
use std::str::FromStr;

use proxmox_core::Error;

use super::xdr::{Decode, Encode, Malformed, Reader, Writer, xdr_struct};

/// A UUID of a domain, network or pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(pub [u8; 16]);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let dash = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = Error;
    /// Reads 32 hexadecimal digits, with dashes or without.
    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::invalid("uuid", format!("uuid: {text:?} is no UUID"));
        let digits: Vec<u32> = text
            .chars()
            .filter(|c| *c != '-')
            .map(|c| c.to_digit(16))
            .collect::<Option<_>>()
            .ok_or_else(bad)?;
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8))
            .collect();
        if digits.len() != 32 {
            return Err(bad());
        }
        bytes.try_into().map(Self).map_err(|_| bad())
    }
}

impl Encode for Uuid {
    fn encode(&self, to: &mut Writer) {
        self.0.encode(to);
    }
}

impl Decode for Uuid {
    fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Decode::decode(from).map(Self)
    }
}

xdr_struct! {
    /// A domain. The daemon finds it by its UUID; the rest is for people.
    pub struct DomainRef {
        /// Its name.
        pub name: String,
        /// What it is found by.
        pub uuid: Uuid,
        /// Its number while it runs; -1 while it does not.
        pub id: i32,
    }

    /// A network.
    pub struct NetworkRef {
        /// Its name.
        pub name: String,
        /// What it is found by.
        pub uuid: Uuid,
    }

    /// A storage pool.
    pub struct PoolRef {
        /// Its name.
        pub name: String,
        /// What it is found by.
        pub uuid: Uuid,
    }

    /// A volume of a pool. The daemon finds it by its pool and name, or by its key.
    pub struct VolumeRef {
        /// The name of its pool.
        pub pool: String,
        /// Its name in the pool.
        pub name: String,
        /// What it is called on the whole host: of files the path.
        pub key: String,
    }

    /// A snapshot.
    pub struct SnapshotRef {
        /// Its name.
        pub name: String,
        /// Whose it is.
        pub domain: DomainRef,
    }

    /// The state of a domain.
    pub struct DomainState {
        /// libvirt's `virDomainState`: 1 running, 3 paused, 5 shut off …
        pub state: i32,
        /// Why it is so; the numbers mean something else for each state.
        pub reason: i32,
    }

    /// A domain's use of its host.
    pub struct DomainInfo {
        /// libvirt's `virDomainState`.
        pub state: u8,
        /// The most memory it may have, in KiB.
        pub max_memory: u64,
        /// Its memory, in KiB.
        pub memory: u64,
        /// Its virtual CPUs.
        pub vcpus: u16,
        /// CPU time it has used, in ns.
        pub cpu_time: u64,
    }

    /// The size of a domain's disk, in bytes.
    pub struct BlockInfo {
        /// The highest byte that the host has written.
        pub allocation: u64,
        /// What the guest sees.
        pub capacity: u64,
        /// What it takes on the host.
        pub physical: u64,
    }

    /// An interface of a guest.
    pub struct GuestInterface {
        /// As the source calls it.
        pub name: String,
        /// Its MAC.
        pub mac: Option<String>,
        /// Its addresses.
        pub addresses: Vec<GuestAddress>,
    }

    /// An address of a guest's interface.
    pub struct GuestAddress {
        /// 0 for IPv4, 1 for IPv6.
        pub family: i32,
        /// The address as text.
        pub address: String,
        /// The length of the network's part.
        pub prefix: u32,
    }

    /// The statistics of one domain: names and values as `virsh domstats` shows them.
    pub struct DomainStats {
        /// Whose.
        pub domain: DomainRef,
        /// Names such as `cpu.time`, each with its value.
        pub values: Vec<(String, TypedValue)>,
    }

    /// A pool's size, in bytes.
    pub struct PoolInfo {
        /// 0 inactive, 1 being built, 2 running, 3 degraded, 4 inaccessible.
        pub state: u8,
        /// All.
        pub capacity: u64,
        /// Used.
        pub allocation: u64,
        /// Free.
        pub available: u64,
    }

    /// A volume's size, in bytes.
    pub struct VolumeInfo {
        /// 0 file, 1 block, 2 directory …
        pub kind: u8,
        /// What a guest sees.
        pub capacity: u64,
        /// What it takes in the pool.
        pub allocation: u64,
    }

    /// An address that a network's DHCP has given out.
    pub struct DhcpLease {
        /// The bridge.
        pub interface: String,
        /// Until when, in seconds since 1970.
        pub expires: i64,
        /// 0 for IPv4, 1 for IPv6.
        pub family: i32,
        /// To whom.
        pub mac: Option<String>,
        /// The identity association of DHCPv6.
        pub iaid: Option<String>,
        /// The address.
        pub address: String,
        /// The length of the network's part.
        pub prefix: u32,
        /// What the guest calls itself.
        pub hostname: Option<String>,
        /// The client's identifier.
        pub client_id: Option<String>,
    }

    /// The host's processors. Its `memory` is what it had at boot: [`memory_stats`](super::procedures::host::memory_stats)
    /// knows better.
    pub struct NodeInfo {
        /// The architecture, such as `x86_64`.
        pub model: Text32,
        /// In KiB.
        pub memory: u64,
        /// All logical CPUs.
        pub cpus: i32,
        /// Of each, as far as it is known.
        pub mhz: i32,
        /// NUMA nodes.
        pub nodes: i32,
        /// Sockets of each node.
        pub sockets: i32,
        /// Cores of each socket.
        pub cores: i32,
        /// Threads of each core.
        pub threads: i32,
    }

    /// What happened to a domain.
    pub struct LifecycleEvent {
        /// To whom.
        pub domain: DomainRef,
        /// libvirt's `virDomainEventType`: 0 defined, 1 undefined, 2 started, 3 suspended, 4 resumed, 5 stopped, 6 shut down, 7
        /// paused by the guest, 8 crashed.
        pub event: i32,
        /// Why; the numbers mean something else for each event.
        pub detail: i32,
    }
}

/// A short text. On the wire it is a word for each of 32 characters: C's `char[32]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Text32(pub String);

impl Encode for Text32 {
    fn encode(&self, to: &mut Writer) {
        let bytes = self.0.bytes().chain(std::iter::repeat(0));
        bytes.take(32).for_each(|byte| i32::from(byte).encode(to));
    }
}

impl Decode for Text32 {
    fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut text = Vec::new();
        for _ in 0..32 {
            // A C compiler's `char` may be signed: only the low byte counts.
            text.push(i32::decode(from)?.to_be_bytes()[3]);
        }
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        Ok(Self(String::from_utf8_lossy(&text[..end]).into_owned()))
    }
}

/// A value of a statistic.
#[derive(Debug, Clone, PartialEq)]
pub enum TypedValue {
    /// 32 bits, signed.
    Int(i32),
    /// 32 bits.
    UInt(u32),
    /// 64 bits, signed.
    Long(i64),
    /// 64 bits.
    ULong(u64),
    /// A fraction.
    Double(f64),
    /// Yes or no.
    Boolean(bool),
    /// Text.
    String(String),
}

impl Encode for TypedValue {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Int(value) => (1u32, value).encode(to),
            Self::UInt(value) => (2u32, value).encode(to),
            Self::Long(value) => (3u32, value).encode(to),
            Self::ULong(value) => (4u32, value).encode(to),
            Self::Double(value) => (5u32, value).encode(to),
            Self::Boolean(value) => (6u32, value).encode(to),
            Self::String(value) => (7u32, value).encode(to),
        }
    }
}

impl Decode for TypedValue {
    fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match u32::decode(from)? {
            1 => Self::Int(Decode::decode(from)?),
            2 => Self::UInt(Decode::decode(from)?),
            3 => Self::Long(Decode::decode(from)?),
            4 => Self::ULong(Decode::decode(from)?),
            5 => Self::Double(Decode::decode(from)?),
            6 => Self::Boolean(Decode::decode(from)?),
            7 => Self::String(Decode::decode(from)?),
            other => return Err(Malformed(format!("{other} is no type of a parameter"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::xdr::encoded;
    use proptest::prelude::*;

    #[test]
    fn uuids() {
        let text = "c7a5fdbd-edaf-9455-926a-d65c16db1809";
        let uuid: Uuid = text.parse().unwrap();
        assert_eq!(uuid.to_string(), text);
        assert_eq!(text.replace('-', "").parse::<Uuid>().unwrap(), uuid);
        for bad in
            ["", "c7a5fdbd", "c7a5fdbd-edaf-9455-926a-d65c16db180g", "c7a5fdbd-edaf-9455-926a-d65c16db18091"]
        {
            assert!(bad.parse::<Uuid>().is_err(), "{bad}");
        }
    }

    fn value() -> impl Strategy<Value = TypedValue> {
        prop_oneof![
            any::<i32>().prop_map(TypedValue::Int),
            any::<u32>().prop_map(TypedValue::UInt),
            any::<i64>().prop_map(TypedValue::Long),
            any::<u64>().prop_map(TypedValue::ULong),
            (-1e9..1e9).prop_map(TypedValue::Double),
            any::<bool>().prop_map(TypedValue::Boolean),
            "[a-z]{0,9}".prop_map(TypedValue::String),
        ]
    }

    proptest! {
        #[test]
        fn statistics_round_trip(values in proptest::collection::vec(("[a-z.0-9]{1,20}", value()), 0..9), id: i32, uuid: [u8; 16]) {
            let domain = DomainRef { name: "tiny".to_owned(), uuid: Uuid(uuid), id };
            let stats = vec![DomainStats { domain, values }];
            prop_assert_eq!(Reader::all::<Vec<DomainStats>>(&encoded(&stats).unwrap()).unwrap(), stats);
        }

        #[test]
        fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Reader::all::<Vec<DomainStats>>(&bytes);
            let _ = Reader::all::<Vec<GuestInterface>>(&bytes);
            let _ = Reader::all::<Vec<DhcpLease>>(&bytes);
            let _ = Reader::all::<NodeInfo>(&bytes);
        }
    }

    #[test]
    fn an_unknown_type_of_value_is_malformed() {
        assert!(Reader::all::<TypedValue>(&encoded(&(8u32, 0u32)).unwrap()).is_err());
    }
}
