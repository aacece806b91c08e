//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::images::ImageOf;

const EXAMPLES: &str = "\
Examples:
  regions --file regions.toml
  regions --file regions.toml --region eu-pve2 --image template:debian-12-cloud
  regions --file regions.toml --image https://…/debian-12.qcow2 --checksum sha256:… --wait
  regions --sim --libvirt qemu:///system --image local=default/debian-12.qcow2

A list, as TOML; as JSON it is the same fields in an array:
  [[regions]]
  region_name = \"lab\"                         # libvirt is the default of backend_type
  uri = \"qemu+ssh://root@lab1/system\"         # every parameter that libvirt knows
  pool = \"default\"
  network = \"default\"                         # or bridge = \"br0\"
  available_instance_types = [
    { instance_type = \"small\", vcpus = 1, memory_mib = 1024, disk_mib = 10240 },
  ]
  [[regions]]
  region_name = \"eu\"
  backend_type = \"proxmox\"
  url = \"https://pve1:8006\"
  token_id = \"ci@pve!sdk\"
  token_secret_env = \"EU_TOKEN\"               # or token_secret_file = \"…\"
  ca_file = \"/etc/ssl/pve-root-ca.pem\"        # or fingerprint = \"AA:BB:…\"
  storage = \"local-lvm\"";

fn help() -> String {
    format!(
        "{EXAMPLES}\n\n{}\n\nWhen several regions fail, it is the highest of their codes.",
        examples::exit::HELP
    )
}

/// Proxmox VE clusters and libvirt hosts, by the same code
///
/// Tells what each region has and which sizes fit, and lists its instances. With --image, an instance is made, tagged and deleted in
/// each region that has one.
#[derive(Debug, Parser)]
#[command(name = "regions", version, max_term_width = 100, after_help = help(), arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The list of regions, TOML or JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Add the region "sim": a simulated Proxmox VE in this process, over HTTPS
    #[arg(long)]
    pub(crate) sim: bool,

    /// Add the region "local": a libvirt host, with its pool and its network "default" [env, with --sim: LIBVIRT_DEFAULT_URI]
    #[arg(long, value_name = "URI")]
    pub(crate) libvirt: Option<String>,

    /// What runs machines in the region "local": kvm, or qemu where there is no KVM
    #[arg(long, value_name = "TYPE", default_value = "kvm")]
    pub(crate) virt_type: String,

    /// Only this region, or one node of Proxmox VE, such as eu-pve2; repeat it for several
    #[arg(long, value_name = "NAME")]
    pub(crate) region: Vec<String>,

    /// Make an instance of this in each region, or in the one that is named: an address, template:NAME of Proxmox VE, or a
    /// volume (pool/volume of libvirt, storage:volume of Proxmox VE)
    #[arg(long, value_name = "[REGION=]IMAGE")]
    pub(crate) image: Vec<ImageOf>,

    /// What images that are addresses must be: sha256:… or sha512:…
    #[arg(long, value_name = "SUM")]
    pub(crate) checksum: Option<String>,

    /// Its size; without it, the first that the region offers and that fits
    #[arg(long = "type", value_name = "NAME")]
    pub(crate) size: Option<String>,

    /// Its name; without it, one that nobody else will have taken
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// A tag that it gets
    #[arg(long, value_name = "TAG", default_value = "example")]
    pub(crate) tag: String,

    /// What cloud-init is to do in it: a document that begins with #cloud-config, or a script
    #[arg(long, value_name = "FILE")]
    pub(crate) user_data: Option<PathBuf>,

    /// Wait until its guest agent answers, for so many seconds, and show its addresses
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "180")]
    pub(crate) wait: Option<u64>,

    /// Leave it there
    #[arg(long)]
    pub(crate) keep: bool,

    /// Print one summary as JSON instead
    #[arg(long)]
    pub(crate) json: bool,

    /// Show every request to Proxmox VE and its time on stderr
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_surface_is_sound() {
        Cli::command().debug_assert();
    }
}
