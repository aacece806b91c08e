//! Guest configuration: text in PVE's own forms, kept as it is, with typed views on top.
//!
//! A [`ConfigBag`] is what `GET …/config` answers. Each of its values stays the text that PVE sent; a view such as
//! [`Net`] or [`Disk`] reads that text, changes what it is told to change, and leaves every other part alone. What is
//! to be sent is a [`ConfigChange`]: the difference between what is and what is wanted.
//!
//! ```
//! use proxmox_core::{ConfigBag, config::Tags};
//! let is: ConfigBag = serde_json::from_str(
//!     r#"{"cores":2,"memory":"2048","net0":"virtio=BC:24:11:0C:AB:01,bridge=vmbr0","digest":"48c5bfea"}"#,
//! )
//! # .unwrap();
//! let (_, net) = is.nets().remove(0);
//! let net = net?.with_tag(5)?;
//! let change = is.change(|want| {
//!     want.set("cores", 4).set("memory", 2048).set("net0", net);
//! });
//! assert_eq!(
//!     change.to_string(),
//!     "cores: 2 -> 4\nnet0: virtio=BC:24:11:0C:AB:01,bridge=vmbr0 -> virtio=BC:24:11:0C:AB:01,bridge=vmbr0,tag=5"
//! );
//! assert_eq!(change.params()?.text("digest").as_deref(), Some("48c5bfea"));
//! # Ok::<(), proxmox_core::Error>(())
//! ```

mod agent;
mod bag;
mod boot;
mod card;
mod change;
mod cloudinit;
mod compare;
mod container_net;
mod disk;
mod drives;
mod mac;
mod net;
mod propstr;
mod scalars;
mod size;
mod tags;
mod view;

pub use agent::Agent;
pub use bag::ConfigBag;
pub use boot::BootOrder;
pub use change::ConfigChange;
pub use cloudinit::{IpConfig, Ipv4Config, Ipv6Config, decode_sshkeys, encode_sshkeys};
pub use container_net::ContainerNet;
pub use disk::{Disk, DiskSource};
pub use mac::MacAddr;
pub use net::{Net, NetModel};
pub use propstr::PropertyString;
pub use size::{Growth, Size};
pub use tags::Tags;

#[cfg(test)]
mod tests;

/// Splits tags the way PVE does: on `;`, `,` and space; lower case, each once.
#[must_use]
pub fn split_tags(text: &str) -> Vec<String> {
    Tags::parse(text).into_iter().collect()
}

/// The texts that PVE takes for yes and no.
fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => Some(true),
        "0" | "off" | "no" | "false" => Some(false),
        _ => None,
    }
}

/// A numbered key in its two halves: `net0` is `net` and 0. `None` for a key without a number.
fn numbered(key: &str) -> Option<(&str, u32)> {
    let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((stem, key[stem.len()..].parse().ok()?))
}
