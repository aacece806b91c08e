//! Files on a storage: what is put there, and what is taken away.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Node;
use crate::call::{Call, Operation, Work};
use crate::{Effect, Error, FilePart, Outcome, Pve, PvePath, PveRequest, Result, StorageId, Task, VolId};

/// What a file on a storage is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// An image for a CD drive: `.iso` or `.img`.
    Iso,
    /// An archive that containers are made of: `.tar`, `.tar.gz`, `.tar.xz`, `.tar.zst`, `.tar.bz2`.
    Vztmpl,
    /// A disk that VMs are made of: `.qcow2`, `.raw`, `.vmdk`, `.ova`. PVE looks whether it is one, but for `.raw`.
    Import,
}

impl FileKind {
    /// The word, as PVE has it for the content of a storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iso => "iso",
            Self::Vztmpl => "vztmpl",
            Self::Import => "import",
        }
    }
}

/// PVE's word.
impl FromStr for FileKind {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        let all = [Self::Iso, Self::Vztmpl, Self::Import];
        all.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| {
            Error::invalid("content", format!("content: {word:?} is not iso, vztmpl or import"))
        })
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a file must be: an algorithm of PVE's, and the digest in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    algorithm: &'static str,
    digest: String,
}

impl Checksum {
    /// Reads `sha256:…`, or another algorithm of PVE's: `md5`, `sha1`, `sha224`, `sha384`, `sha512`.
    ///
    /// # Errors
    /// `InvalidInput` for another algorithm, and a digest of another length.
    pub fn parse(text: &str) -> Result<Self> {
        const KNOWN: [(&str, usize); 6] =
            [("md5", 32), ("sha1", 40), ("sha224", 56), ("sha256", 64), ("sha384", 96), ("sha512", 128)];
        let (name, digest) = text.split_once(':').unwrap_or_default();
        let known = KNOWN.iter().find(|(algorithm, length)| {
            *algorithm == name && digest.len() == *length && digest.bytes().all(|b| b.is_ascii_hexdigit())
        });
        match known {
            Some((algorithm, _)) => Ok(Self { algorithm, digest: digest.to_ascii_lowercase() }),
            None => Err(Error::invalid("checksum", format!("checksum: {text:?} is not like sha256:…"))),
        }
    }

    /// The digest in small hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    fn put(this: Option<&Self>, request: PveRequest) -> PveRequest {
        request
            .param_some("checksum-algorithm", this.map(|sum| sum.algorithm))
            .param_some("checksum", this.map(|sum| sum.digest.as_str()))
    }
}

/// A file to put onto a storage. Its content is in memory: what is large is better [fetched](Download) by the node itself.
///
/// ```
/// use proxmox_core::node::Upload;
/// let upload = Upload::iso("seed.iso", vec![0; 2048]);
/// # let _ = upload;
/// ```
#[derive(Debug, Clone)]
pub struct Upload {
    kind: FileKind,
    file: FilePart,
    checksum: Option<Checksum>,
}

impl Upload {
    /// A file of this kind and name: letters, digits, `-`, `_` and `.`, with an ending that fits the kind.
    pub fn new(kind: FileKind, name: impl Into<String>, content: impl Into<bytes::Bytes>) -> Self {
        Self { kind, file: FilePart::new(name, content), checksum: None }
    }

    /// An image for a CD drive.
    pub fn iso(name: impl Into<String>, content: impl Into<bytes::Bytes>) -> Self {
        Self::new(FileKind::Iso, name, content)
    }

    /// What must have arrived, or nothing is stored.
    #[must_use]
    pub fn checksum(mut self, checksum: Checksum) -> Self {
        self.checksum = Some(checksum);
        self
    }
}

/// A file that the node is to fetch itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    kind: FileKind,
    name: String,
    url: String,
    checksum: Option<Checksum>,
}

impl Download {
    /// The file at this address of `http` or `https`, under this name.
    pub fn new(kind: FileKind, name: impl Into<String>, url: impl Into<String>) -> Self {
        Self { kind, name: name.into(), url: url.into(), checksum: None }
    }

    /// What it must be. A file of that name that is this already is left as it is, and is no error.
    #[must_use]
    pub fn checksum(mut self, checksum: Checksum) -> Self {
        self.checksum = Some(checksum);
        self
    }
}

/// A request that makes a file on a storage by a task. Awaiting it gives the volume.
#[derive(Debug)]
pub struct Store {
    name: &'static str,
    request: Result<PveRequest>,
    volid: Result<VolId>,
}

impl Operation for Store {
    type Output = VolId;
    fn name(&self) -> &'static str {
        self.name
    }
    fn request(&self) -> Result<PveRequest> {
        crate::call::again(&self.request)
    }
    async fn run(self, pve: Pve) -> Result<VolId> {
        let (request, volid) = (self.request?, self.volid?);
        let doubt = |e: Error| match e.outcome() {
            Outcome::MaybeApplied => e.with_advice(format!("look whether {volid} is there")),
            _ => e,
        };
        let upid = pve.call(&request).await.and_then(|answer| answer.upid()).map_err(doubt)?;
        Task::new(pve, upid).success().await?;
        Ok(volid)
    }
}

impl Node {
    /// Puts a file onto a storage: `POST /nodes/{node}/storage/{storage}/upload`, waited for. A file of that name is **replaced** by
    /// PVE without a word. Needs `Datastore.AllocateTemplate` on the storage.
    ///
    /// It goes over HTTPS, through the tunnel of an ssh session, and by `pvesh`, where the file is put under `/var/tmp` first.
    ///
    /// # Errors
    /// `InvalidInput` for a name that PVE would change, and for a wrong ending; `TaskFailed` where the checksum does not fit;
    /// `Unsupported` where `pvesh` alone may be run on the node.
    pub fn upload(&self, storage: &StorageId, upload: Upload) -> Call<Store> {
        let Upload { kind, file, checksum } = upload;
        let volid = volid(storage, kind, file.name());
        // Half a second for each MiB, beside what any request has.
        let patience = Duration::from_secs(120 + (file.length() >> 21) as u64);
        let request = PveRequest::create(PvePath::storage(&self.name, storage).fixed("upload"))
            .param("content", kind.as_str())
            .file(file)
            .effect(Effect::Write)
            .timeout(patience);
        let request = Checksum::put(checksum.as_ref(), request);
        let request = request.check().and(volid.as_ref().map_err(Error::repeated)).map(|_| request);
        self.pve.bind(Store { name: "node.upload", request, volid })
    }

    /// Puts an image for a CD drive onto a storage: [`upload`](Self::upload) of one.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub fn upload_iso(
        &self,
        storage: &StorageId,
        name: impl Into<String>,
        content: impl Into<bytes::Bytes>,
    ) -> Call<Store> {
        self.upload(storage, Upload::iso(name, content))
    }

    /// Lets the node fetch a file onto a storage: `POST /nodes/{node}/storage/{storage}/download-url`, waited for. Needs
    /// `Datastore.AllocateTemplate` on the storage, and `Sys.AccessNetwork` on the node or `Sys.Modify` on `/`.
    ///
    /// # Errors
    /// `TaskFailed` where the file cannot be had, is not what the checksum says, or where another file has the name.
    pub fn download(&self, storage: &StorageId, download: Download) -> Call<Store> {
        let Download { kind, name, url, checksum } = download;
        let volid = volid(storage, kind, &name);
        let request = PveRequest::create(PvePath::storage(&self.name, storage).fixed("download-url"))
            .param("content", kind.as_str())
            .param("filename", name)
            .param("url", url)
            .effect(Effect::Write);
        let request = Checksum::put(checksum.as_ref(), request);
        let request = volid.as_ref().map_err(Error::repeated).map(|_| request);
        self.pve.bind(Store { name: "node.download", request, volid })
    }

    /// Deletes a volume: `DELETE /nodes/{node}/storage/{storage}/content/{volume}`, waited for. One that is not there is fine, too.
    /// Needs `Datastore.Allocate` on the storage; of the disk of a guest `Datastore.AllocateSpace` is enough.
    ///
    /// # Errors
    /// `Refused` for what may be a guest's disk, or a backup.
    pub fn delete_volume(&self, volid: &VolId) -> Call<Work> {
        let path = PvePath::storage(&self.name, &volid.storage()).fixed("content").volume(volid);
        let request = PveRequest::delete(path).effect(Effect::Destroy);
        self.pve.bind(Work::new("node.delete_volume", Ok(request)))
    }
}

/// The volume that a file of this name becomes.
fn volid(storage: &StorageId, kind: FileKind, name: &str) -> Result<VolId> {
    let ends = |endings: &[&str]| {
        let name = name.to_ascii_lowercase();
        endings.iter().any(|end| name.strip_suffix(end).is_some_and(|stem| !stem.is_empty()))
    };
    let fits = match kind {
        FileKind::Iso => ends(&[".iso", ".img"]),
        FileKind::Vztmpl => ends(&[".tar", ".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2"]),
        FileKind::Import => ends(&[".ova", ".qcow2", ".raw", ".vmdk"]),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !fits || name.len() > 255 || !name.bytes().all(plain) {
        let shown: String = name.chars().take(80).collect();
        let text = format!("filename: {shown:?} is not a name that PVE keeps for a file of kind {kind}");
        return Err(Error::invalid("filename", text));
    }
    VolId::parse(&format!("{storage}:{kind}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_kinds() {
        let storage = StorageId::parse("local").unwrap();
        for (kind, name) in [
            (FileKind::Iso, "a.iso"),
            (FileKind::Iso, "A.IMG"),
            (FileKind::Vztmpl, "d_1.tar.zst"),
            (FileKind::Import, "debian-12.qcow2"),
        ] {
            let found = volid(&storage, kind, name).unwrap();
            assert_eq!(found.to_string(), format!("local:{kind}/{name}"));
        }
        for (kind, name) in [
            (FileKind::Iso, ".iso"),
            (FileKind::Iso, "a.qcow2"),
            (FileKind::Iso, "a b.iso"),
            (FileKind::Iso, "../a.iso"),
            (FileKind::Vztmpl, "a.iso"),
            (FileKind::Import, "a.iso"),
        ] {
            let error = volid(&storage, kind, name).unwrap_err();
            assert!(error.errors().contains_key("filename"), "{name}: {error}");
        }
    }

    #[test]
    fn checksums() {
        let sum = Checksum::parse(&format!("sha256:{}", "0A".repeat(32))).unwrap();
        assert_eq!((sum.algorithm, sum.digest()), ("sha256", &*"0a".repeat(32)));
        for bad in ["", "sha256", "sha256:00", &format!("sha3:{}", "0".repeat(64)), "sha1:zz"] {
            assert!(Checksum::parse(bad).is_err(), "{bad}");
        }
    }
}
