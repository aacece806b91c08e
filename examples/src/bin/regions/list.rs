//! Which regions: of a file, and those that the command line adds.

use std::fmt;
use std::path::Path;

use examples::{connect, pairs};
use proxmox_core::backend::{Region, Regions};
use proxmox_core::{Error, ErrorKind, Outcome, Result};
use proxmox_sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimServer};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::Cli;

/// Simulated seconds per second.
const SPEED: f64 = 20.0;

/// The regions to work on, and the simulated cluster behind one of them.
pub(crate) struct Chosen {
    pub(crate) regions: Regions,
    only: Vec<String>,
    /// Lives as long as the regions.
    sim: Option<SimServer>,
}

/// A list as a file has it: TOML has no array at its top.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    regions: Regions,
}

impl Chosen {
    pub(crate) fn of(cli: &Cli) -> Result<Self> {
        let mut all: Vec<Region> = Vec::new();
        if let Some(file) = &cli.file {
            all.extend(read(file)?.enabled().cloned());
        }
        let sim = cli.sim.then(start).transpose()?;
        let libvirt = cli.libvirt.clone().or_else(|| connect::env("LIBVIRT_DEFAULT_URI").filter(|_| cli.sim));
        let own: Vec<Value> = [sim.as_ref().map(simulated), libvirt.map(|uri| local(&uri, &cli.virt_type))]
            .into_iter()
            .flatten()
            .collect();
        let own: Regions = serde_json::from_value(own.into()).map_err(|e| unusable("--libvirt", &e))?;
        all.extend(own.enabled().cloned());
        if all.is_empty() {
            return Err(Error::invalid("file", "there is no region")
                .with_advice("name a list of them with --file, or begin with --sim and --libvirt URI"));
        }
        let chosen = Self { regions: Regions::new(all)?, only: cli.region.clone(), sim };
        // A name that is none is a mistake, and no region that fails.
        chosen.only.iter().try_for_each(|name| chosen.regions.get(name).map(drop))?;
        Ok(chosen)
    }

    /// The names of the regions, or of the nodes of some.
    pub(crate) fn names(&self) -> Vec<String> {
        if self.only.is_empty() {
            return self.regions.enabled().map(|region| region.name().to_owned()).collect();
        }
        self.only.clone()
    }

    /// Whether this is the simulated one.
    pub(crate) fn is_simulated(&self, region: &Region) -> bool {
        self.sim.is_some() && region.name() == "sim"
    }
}

fn read(file: &Path) -> Result<Regions> {
    let shown = file.display().to_string();
    let text = pairs::read("file", &shown)?;
    if file.extension().is_some_and(|ending| ending == "json") {
        return serde_json::from_str(&text).map_err(|e| unusable(&shown, &e));
    }
    toml::from_str(&text).map(|listed: Listed| listed.regions).map_err(|e| unusable(&shown, &e))
}

fn unusable(what: &str, error: &dyn fmt::Display) -> Error {
    Error::invalid("regions", format!("{what} is no list of regions: {}", error.to_string().trim_end()))
}

fn start() -> Result<SimServer> {
    SimServer::start(Sim::builder().time_scale(SPEED).build()).map_err(|e| {
        let text = format!("the simulated cluster cannot be started: {e}");
        Error::new(ErrorKind::Unexpected, Outcome::NotSent, text)
    })
}

fn simulated(server: &SimServer) -> Value {
    json!({
        "region_name": "sim", "backend_type": "proxmox", "url": server.url(), "fingerprint": server.fingerprint(),
        "token_id": ROOT_TOKEN_ID, "token_secret": ROOT_TOKEN_SECRET, "storage": "local-lvm", "bridge": "vmbr0",
        "available_instance_types": sizes(),
    })
}

fn local(uri: &str, virt_type: &str) -> Value {
    json!({"region_name": "local", "uri": uri, "virt_type": virt_type, "available_instance_types": sizes()})
}

/// Of regions that no file describes. One is larger than what most have.
fn sizes() -> Value {
    json!([
        {"instance_type": "tiny", "vcpus": 1, "memory_mib": 256, "disk_mib": 3072},
        {"instance_type": "medium", "vcpus": 2, "memory_mib": 2048, "disk_mib": 20480},
        {"instance_type": "giant", "vcpus": 64, "memory_mib": 4_194_304, "disk_mib": 1_048_576},
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(ending: &str, text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    const TOML: &str = "[[regions]]\nregion_name = \"lab\"\nuri = \"qemu:///system\"\n\
                        [[regions.available_instance_types]]\ninstance_type = \"s\"\nvcpus = 1\nmemory_mib = 64\ndisk_mib = 9\n";

    #[test]
    fn both_languages() {
        let json = r#"[{"region_name": "lab", "uri": "qemu:///system"}]"#;
        for (ending, text) in [(".toml", TOML), (".json", json)] {
            assert_eq!(read(file(ending, text).path()).unwrap().get("lab").unwrap().name(), "lab");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (ending, text, error) in [
            (".toml", "[[regions]]\nregion_name = \"a\"\n", "region \"a\": it lacks uri"),
            (".toml", "[[region]]\n", "unknown field `region`"),
            (".toml", "regions = [", "is no list of regions"),
            (".json", "{}", "invalid type: map"),
        ] {
            let error_is = read(file(ending, text).path()).unwrap_err().to_string();
            assert!(error_is.contains(error), "{text}: {error_is}");
        }
    }
}
