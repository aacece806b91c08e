//! From a region's description to the place itself.
//!
//! ```no_run
//! # async fn demo(json: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use proxmox_sdk::backend::Regions;
//!
//! let regions: Regions = serde_json::from_str(json)?;
//! for region in regions.enabled() {
//!     // One that fails is no reason to leave out the others.
//!     match proxmox_sdk::regions::open(region).await {
//!         Ok(place) => println!("{}: {} MiB free", region.name(), place.capacity().await?.free_memory_mib()),
//!         Err(error) => println!("{error}"),
//!     }
//! }
//! # Ok(()) }
//! ```

mod secret;

use proxmox_core::backend::{Backend, Region, Regions};
use proxmox_core::{Error, ErrorKind, NodeName, Outcome, Policy, Result};

/// Opens the place that a region describes: a libvirt host is connected to; of a Proxmox VE cluster the handle is made, and nothing is
/// sent yet. A region of Proxmox VE may have any address that [`connect`](crate::connect()) takes, and asks as the token that it names;
/// the environment says nothing about it, other than a secret that the region has there.
///
/// # Errors
/// All name the region. `Refused` for one that is switched off; `InvalidInput` for a secret that is not where the region says, for
/// what is malformed in it, and for a kind that this build has not, naming the feature that has. Of a libvirt host also those of
/// connecting.
pub async fn open(region: &Region) -> Result<Box<dyn Backend>> {
    place(region, None, Policy::default()).await.map_err(|e| of_region(region.name(), e))
}

/// Opens the region of this name, or the one node of Proxmox VE that it names: `eu`, or `eu-pve2`.
///
/// # Errors
/// As [`open`], and `NotFound` for a name of neither. Whether a cluster has such a node is not asked yet.
pub async fn open_named(regions: &Regions, name: &str) -> Result<Box<dyn Backend>> {
    open_under(regions, name, Policy::default()).await
}

/// The same under another policy than the usual one.
///
/// # Errors
/// As [`open_named`].
pub async fn open_under(regions: &Regions, name: &str, policy: Policy) -> Result<Box<dyn Backend>> {
    let region = regions.get(name)?;
    let node = name.strip_prefix(region.name()).and_then(|rest| rest.strip_prefix('-'));
    let node = node.map(NodeName::parse).transpose()?;
    place(region, node, policy).await.map_err(|e| of_region(name, e))
}

/// What went wrong, with the region. An error that is about something nearer, such as an address, keeps that in its sentence.
fn of_region(name: &str, error: Error) -> Error {
    let region = format!("region {name}");
    if error.target().is_none() {
        return error.about(region);
    }
    let named = Error::new(error.kind(), error.outcome(), error.to_string()).about(region);
    let named = error.advice().map(str::to_owned).into_iter().fold(named, Error::with_advice);
    named.with_source(error)
}

#[cfg_attr(not(feature = "fleet"), allow(unused_variables))]
async fn place(region: &Region, node: Option<NodeName>, policy: Policy) -> Result<Box<dyn Backend>> {
    if !region.common().enabled {
        return Err(Error::new(ErrorKind::Refused, Outcome::NotSent, "it is switched off"));
    }
    match region {
        #[cfg(feature = "libvirt")]
        Region::Libvirt(region) => {
            Ok(Box::new(libvirt_driver::LibvirtBackend::open(region).await?.with_policy(policy)))
        }
        #[cfg(feature = "fleet")]
        Region::Proxmox(region) => Ok(Box::new(proxmox(region, node, policy)?)),
        // Those of kinds that this build has not.
        other => {
            let feature = match other.kind() {
                proxmox_core::backend::RegionKind::Libvirt => "libvirt",
                _ => "fleet",
            };
            let text = format!("this build knows no {} regions", other.kind());
            Err(Error::invalid("backend_type", text)
                .with_advice(format!("turn on feature `{feature}` of proxmox-sdk")))
        }
    }
}

#[cfg(feature = "fleet")]
fn proxmox(
    region: &proxmox_core::backend::PveRegion,
    node: Option<NodeName>,
    policy: Policy,
) -> Result<proxmox_fleet::PveBackend> {
    let secret = secret::of_token(region, |variable| std::env::var(variable).ok())?;
    let mut connect = crate::Connect::to(&region.url)?.token(region.token_id.as_str(), secret)?;
    connect = region.ca_file.iter().fold(connect, crate::Connect::ca_file);
    connect = region.fingerprint.iter().fold(connect, crate::Connect::fingerprint);
    let cluster = proxmox_fleet::PveBackend::new(connect.builder()?.policy(policy).build(), region)?;
    Ok(match node {
        Some(node) => cluster.on(node),
        None => cluster,
    })
}
