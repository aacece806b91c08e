//! Machines as `virt-install` would make them, for sites that describe theirs in its words.

use std::time::{Duration, Instant};

use proxmox_core::config::Tags;
use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};
use uuid::Uuid;

use super::rollback::{Made, roll_back};
use crate::domain::Domain;
use crate::host::{Host, not_done};
use crate::rpc;
use crate::rpc::procedures::domain;
use crate::virsh::quote;
use crate::xml::{self, Disk, DiskDevice, Element};

/// How long it may think.
const BUDGET: Duration = Duration::from_secs(60);

/// Words of its that are this SDK's to say, or that do not end well.
const REFUSED: &[(&str, &str)] = &[
    ("--connect", "the host is known"),
    (
        "--cloud-init",
        "its seed is gone after the first start, and the domain cannot be reverted then: attach a seed as a disk",
    ),
    ("--print-xml", "that is what is done anyway"),
    ("--dry-run", "that is what is done anyway"),
    ("--location", "an installation takes several steps: make the domain of an image"),
    ("-l", "an installation takes several steps: make the domain of an image"),
    ("--transient", "the domain would be gone with its end"),
];

/// A domain in the words of `virt-install`, which must be installed on the host.
///
/// It only writes the document; this SDK defines it with the managed tag, starts it, and takes it back when that fails. Disks must be
/// there: nothing is made for them, and they are not deleted with the domain. The words are seen in the host's list of processes.
///
/// ```
/// use libvirt_driver::VirtInstall;
/// let new = VirtInstall::new([
///     "--name", "web1", "--memory", "2048", "--osinfo", "debian12", "--import",
///     "--disk", "vol=images/web1.qcow2", "--network", "network=default", "--graphics", "none",
/// ])
/// .tags(["web"])?;
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct VirtInstall {
    words: Vec<String>,
    tags: Tags,
    start: bool,
}

impl VirtInstall {
    /// These words, each as it is.
    pub fn new<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), tags: Tags::new(), start: true }
    }

    /// With these tags beside the managed one.
    ///
    /// # Errors
    /// `InvalidInput` for what is no tag.
    pub fn tags<T: AsRef<str>>(mut self, tags: impl IntoIterator<Item = T>) -> Result<Self> {
        self.tags = Tags::of(tags)?;
        Ok(self)
    }

    /// Is defined, and not started.
    #[must_use]
    pub fn stopped(mut self) -> Self {
        self.start = false;
        self
    }

    fn line(&self, uri: &str) -> Result<String> {
        for word in &self.words {
            let name = word.split('=').next().unwrap_or_default();
            // It takes shortened words, too.
            let means = |refused: &str| name == refused || name.len() > 4 && refused.starts_with(name);
            if let Some((refused, why)) = REFUSED.iter().find(|(refused, _)| means(refused)) {
                return Err(Error::invalid(
                    "words",
                    format!("virt-install {refused} is not for this: {why}"),
                ));
            }
        }
        let words: Vec<_> = self.words.iter().map(|word| quote(word)).collect();
        let uri = quote(uri);
        Ok(format!(
            "LC_ALL=C.UTF-8 exec virt-install --connect {uri} {} --print-xml --dry-run",
            words.join(" ")
        ))
    }
}

impl Host {
    /// Makes a domain as `virt-install` describes it.
    ///
    /// # Errors
    /// `InvalidInput` with what `virt-install` complains of, `Unsupported` where there is none, and as [`create`](Self::create).
    pub async fn virt_install(&self, new: &VirtInstall) -> Result<Domain> {
        let named = |e: Error| e.during("host.virt_install").about(self);
        let mut made = Vec::new();
        match self.install(new, &mut made).await {
            Ok(domain) => Ok(domain),
            Err(e) => Err(named(roll_back(self, made, e).await)),
        }
    }

    async fn install(&self, new: &VirtInstall, made: &mut Vec<Made>) -> Result<Domain> {
        let mut document = self.described(new).await?;
        let name = document.child("name").map(Element::text).unwrap_or_default();
        let metadata = self.metadata_of(&name, &new.tags)?.element()?;
        self.is_free(&name).await?;
        let written = |disk: &&Disk| !disk.read_only && disk.device == DiskDevice::Disk;
        let described: Vec<_> = disks_of(&document)?;
        self.disks_are_free(described.iter().filter(written).map(|disk| &disk.source)).await?;
        // Its own choice would be as good, but this one is known whatever it prints.
        let uuid = Uuid::new_v4();
        document.edit("uuid", |element| element.set_text(uuid.to_string()));
        document.edit("metadata", |element| element.push(metadata));
        made.push(Made::Domain(rpc::Uuid(uuid.into_bytes()), name));
        let mut found = self.connection().call(domain::define(&document.to_xml()?, 0)).await?;
        if new.start {
            found = self.connection().call(domain::start(&found, 0)).await?;
        }
        Ok(Domain::new(self.clone(), found))
    }

    /// The document that it prints.
    async fn described(&self, new: &VirtInstall) -> Result<Element> {
        let (place, uri) = self.connection().place()?;
        let line = new.line(&uri)?;
        // It only reads: whatever becomes of it, nothing was made.
        let ended = place.run(&line, Vec::new(), Effect::Read, Instant::now() + BUDGET).await;
        let ended = ended.map_err(|e| e.with_outcome(Outcome::NotSent))?;
        let said = String::from_utf8_lossy(&ended.stderr);
        match ended.exit {
            0 => {}
            127 => {
                let error = not_done(ErrorKind::Unsupported, "there is no virt-install on the host");
                return Err(
                    error.with_advice("install it (Debian: virtinst), or describe the domain as a NewDomain")
                );
            }
            _ => {
                let words: Vec<_> = said.split_whitespace().filter(|word| *word != "ERROR").collect();
                let why = words.join(" ");
                return Err(Error::invalid("words", format!("virt-install: {why}")));
            }
        }
        let printed = String::from_utf8_lossy(&ended.stdout);
        match Element::parse(printed.trim()) {
            Ok(element) if element.name() == "domain" => Ok(element),
            _ => {
                let text = "virt-install printed something other than the document of one domain";
                Err(not_done(ErrorKind::Unsupported, text)
                    .with_advice("make the domain of an image (--import)"))
            }
        }
    }
}

/// The disks of a document that has no UUID yet, perhaps.
fn disks_of(document: &Element) -> Result<Vec<Disk>> {
    let mut whole = document.clone();
    whole.edit("uuid", |element| element.set_text(Uuid::nil().to_string()));
    Ok(xml::Domain::read(&whole)?.disks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_words() {
        let line = VirtInstall::new(["--name", "it's; rm -rf /"]).line("qemu:///system").unwrap();
        assert_eq!(
            line,
            r"LC_ALL=C.UTF-8 exec virt-install --connect 'qemu:///system' '--name' 'it'\''s; rm -rf /' --print-xml --dry-run"
        );
        for bad in [
            "--connect",
            "--connect=qemu:///session",
            "--cloud-init=user-data=x",
            "--print-xml=1",
            "--conn",
            "--cloud-i=x",
            "--trans",
            "-l",
        ] {
            let error = VirtInstall::new([bad]).line("x").unwrap_err();
            assert!(error.to_string().contains("is not for this"), "{error}");
        }
    }
}
