//! What instances are made of, on the node that takes them.

use proxmox_core::backend::{Image, shown_url};
use proxmox_core::node::{Checksum, Download, FileKind};
use proxmox_core::{Error, ErrorKind, Outcome, Result, VolId};
use proxmox_qemu::Vm;

use super::PveBackend;
use super::place::Room;

/// Where the first disk comes from.
#[derive(Debug)]
pub(super) enum Origin {
    /// From a volume of the node.
    Volume(VolId),
    /// From a machine that is copied.
    Template(Vm),
}

impl PveBackend {
    /// The image on a node, fetched where it is not there yet. None where only other nodes have it.
    pub(super) async fn origin(&self, room: &Room, image: &Image) -> Result<Option<Origin>> {
        Ok(match image {
            Image::Url { url, checksum } => Some(Origin::Volume(self.fetched(room, url, checksum).await?)),
            Image::Volume(volid) => {
                let volid = VolId::parse(volid)?;
                let rows = self.pve.node(&room.node)?.content(&volid.storage(), None).await;
                match rows {
                    Ok(rows) => {
                        let there = rows.iter().any(|row| row.volid == volid.as_str());
                        there.then_some(Origin::Volume(volid))
                    }
                    // A storage of other nodes.
                    Err(e) if room.storages.iter().all(|storage| storage.storage != volid.storage()) => {
                        drop(e);
                        None
                    }
                    Err(e) => return Err(e),
                }
            }
            Image::Template(template) => Some(Origin::Template(self.template(template).await?)),
            _ => {
                let text = "an image of this kind is not known to Proxmox VE";
                return Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, text));
            }
        })
    }

    /// The file of an address on a node. Its name says what is in it, so that one that is there is not fetched again.
    async fn fetched(&self, room: &Room, url: &str, checksum: &str) -> Result<VolId> {
        let name = file_name(url, checksum)?;
        let storage = room.files("import", self.files.as_ref())?;
        let volid = VolId::parse(&format!("{storage}:import/{name}"))?;
        let node = self.pve.node(&room.node)?;
        let rows = node.content(&storage, Some("import")).await?;
        if rows.iter().any(|row| row.volid == volid.as_str()) {
            return Ok(volid);
        }
        let download = Download::new(FileKind::Import, name, url).checksum(Checksum::parse(checksum)?);
        node.download(&storage, download).await.map_err(|e| {
            let log = e.task_log().iter().map(|line| without_secrets(line, url)).collect();
            e.with_task_log(log)
        })
    }

    /// A template by number or name, wherever it is.
    async fn template(&self, template: &str) -> Result<Vm> {
        let found = self.pve.cluster().find(template.parse()?).await?;
        Ok(Vm::new(&self.pve, &found.node, found.vmid))
    }
}

/// A line of a download's log, in which PVE and wget write the address as it is.
fn without_secrets(line: &str, url: &str) -> String {
    let line = line.replace(url, &shown_url(url));
    match url.split_once('?') {
        Some((_, query)) if !query.is_empty() => line.replace(query, "…"),
        _ => line,
    }
}

/// The name of a file that is known by its content: `sdk-sha256-….qcow2`.
fn file_name(url: &str, checksum: &str) -> Result<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = match path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        // Distributions call their qcow2 images so; PVE looks whether it is one.
        Some("qcow2" | "img") => "qcow2",
        Some("raw") => "raw",
        Some("vmdk") => "vmdk",
        _ => {
            let text = format!("image: {:?} does not end with .qcow2, .img, .raw or .vmdk", shown_url(url));
            return Err(Error::invalid("image", text));
        }
    };
    Ok(format!("sdk-{}.{ending}", checksum.to_ascii_lowercase().replacen(':', "-", 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let sum = format!("sha256:{}", "0A".repeat(32));
        let name = |url| file_name(url, &sum);
        let digest = "0a".repeat(32);
        assert_eq!(name("https://x/a/Debian.QCOW2?x=.raw#y").unwrap(), format!("sdk-sha256-{digest}.qcow2"));
        assert_eq!(name("https://x/noble.img").unwrap(), format!("sdk-sha256-{digest}.qcow2"));
        assert_eq!(name("http://x/a.raw").unwrap(), format!("sdk-sha256-{digest}.raw"));
        for bad in ["https://x/a.ova", "https://x/a.html", "https://x/a"] {
            assert!(name(bad).unwrap_err().errors().contains_key("image"), "{bad}");
        }
        let error = name("https://me:hunter2@x/a.ova?signature=hunter2").unwrap_err();
        assert!(error.message().contains("https://x/a.ova") && !format!("{error:?}").contains("hunter2"));
    }
}
