//! Images in pools, each fetched once.

use std::fmt;

use bytes::Bytes;
use proxmox_core::backend::shown_url;
use proxmox_core::{Error, ErrorKind, Outcome, Result, Size};
use proxmox_transport::Download;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use uuid::Uuid;

use super::checksum::{Checksum, Sum};
use super::image_head::{ImageHead, LENGTH};
use super::rollback::{Made, roll_back};
use crate::host::{Host, not_done};
use crate::rpc::procedures::storage;
use crate::rpc::{PoolRef, VolumeRef};
use crate::xml::{Format, VolumeXml};

/// So much is read ahead.
const PIPE: usize = 256 << 10;

/// What a disk begins as.
///
/// ```
/// use libvirt_driver::Image;
/// let sum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".parse()?;
/// let image = Image::url("https://cloud.debian.org/images/debian-12.qcow2", sum);
/// let image = Image::volume("images", "debian-12.qcow2");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Image(pub(super) Source);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Source {
    Url(String, Checksum),
    File(String, Checksum),
    Volume { pool: String, name: String, checksum: Option<Checksum> },
}

impl Image {
    /// A file of the web: qcow2, or raw. This program fetches it and hands it to the host, once for each pool.
    #[must_use]
    pub fn url(url: impl Into<String>, checksum: Checksum) -> Self {
        Self(Source::Url(url.into(), checksum))
    }

    /// A file of this machine.
    #[must_use]
    pub fn file(path: impl Into<String>, checksum: Checksum) -> Self {
        Self(Source::File(path.into(), checksum))
    }

    /// A volume of the host.
    #[must_use]
    pub fn volume(pool: impl Into<String>, name: impl Into<String>) -> Self {
        Self(Source::Volume { pool: pool.into(), name: name.into(), checksum: None })
    }

    /// With the sum that a volume must have: it is read for that, as a whole, over the connection.
    #[must_use]
    pub fn checksum(mut self, sum: Checksum) -> Self {
        match &mut self.0 {
            Source::Url(_, checksum) | Source::File(_, checksum) => *checksum = sum,
            Source::Volume { checksum, .. } => *checksum = Some(sum),
        }
        self
    }
}

/// Without what may be a password or a signature of its URL.
impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({self})")
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Url(url, _) => f.write_str(&shown_url(url)),
            Source::File(path, _) => f.write_str(path),
            Source::Volume { pool, name, .. } => write!(f, "{pool}/{name}"),
        }
    }
}

/// Where the bytes of an image come from.
enum Reader {
    Web(Download),
    File(File),
}

impl Reader {
    async fn next(&mut self, name: &str) -> Result<Option<Bytes>> {
        match self {
            Self::Web(download) => download.next().await,
            Self::File(file) => {
                let mut part = vec![0; PIPE];
                let read = file.read(&mut part).await.map_err(|e| ImageHead::unreadable(name, &e))?;
                part.truncate(read);
                Ok((read > 0).then(|| part.into()))
            }
        }
    }
}

impl Host {
    /// Sees that a pool has this image, and gives the volume that it is. One that is there is not fetched again: its name says which
    /// sum it has, and a small volume beside it that it is whole.
    ///
    /// # Errors
    /// `NotFound` for a URL that is answered with 404, `InvalidInput` for what is no image, is based on other files, or has another sum;
    /// what was fetched is removed then, and named where that fails.
    pub async fn ensure_image(&self, pool: &str, image: &Image) -> Result<VolumeRef> {
        let named = |e: Error| e.during("host.ensure_image").about(format!("pool {pool} on {}", self.name()));
        self.image_in(pool, image).await.map_err(named)
    }

    async fn image_in(&self, pool: &str, image: &Image) -> Result<VolumeRef> {
        let (Source::Url(name, checksum) | Source::File(name, checksum)) = &image.0 else {
            return self.volume_image(&image.0).await;
        };
        let pool = self.active_pool(pool).await?;
        let prefix = format!("sdk-image-{}-", checksum.word());
        if let Some(found) = self.whole_image(&pool, &prefix).await? {
            return Ok(found);
        }
        let source = async {
            Ok::<_, Error>(match &image.0 {
                Source::Url(url, _) => Reader::Web(Download::open(url).await?),
                _ => Reader::File(File::open(name).await.map_err(|e| ImageHead::unreadable(name, &e))?),
            })
        };
        let shown = image.to_string();
        // Of a name that nobody else takes, so that whatever is there of it after a failure is ours.
        let volume = format!("{prefix}{}", short(Uuid::new_v4()));
        let fetched = async { self.fetch(&pool, &volume, &shown, checksum, source.await?).await };
        match fetched.await {
            Ok(fetched) => Ok(fetched),
            Err(e) => {
                let made = [sign(&volume), volume].map(|name| Made::Volume(pool.clone(), name));
                Err(roll_back(self, made.into(), e).await)
            }
        }
    }

    async fn fetch(
        &self,
        pool: &PoolRef,
        volume: &str,
        name: &str,
        checksum: &Checksum,
        mut source: Reader,
    ) -> Result<VolumeRef> {
        let mut head = Vec::new();
        while head.len() < LENGTH {
            let Some(part) = source.next(name).await? else { break };
            head.extend_from_slice(&part);
        }
        let told = ImageHead::read(&head, name)?;
        let length = match &source {
            Reader::Web(download) => download.length(),
            Reader::File(file) => file.metadata().await.ok().map(|about| about.len()),
        };
        self.has_room(pool, length.unwrap_or_default()).await?;
        // Of a raw image the size is known at its end.
        let capacity = told.capacity.unwrap_or_else(|| Size::from_bytes(length.unwrap_or(1)));
        let spec = VolumeXml::new(volume, capacity, told.format).allocation(Size::default());
        let made = self.connection().call(storage::create_volume(pool, &spec.to_xml()?, 0)).await?;
        let mut sum = checksum.begin();
        let (mut into, mut from) = duplex(PIPE);
        let read = async {
            let broken = |e: std::io::Error| not_done(ErrorKind::Unexpected, format!("image {name}: {e}"));
            let mut part = Bytes::from(head);
            loop {
                sum.add(&part);
                into.write_all(&part).await.map_err(broken)?;
                let Some(next) = source.next(name).await? else { break };
                part = next;
            }
            // The other end then sees the end.
            into.shutdown().await.map_err(broken)
        };
        // The first that fails ends the other: a stream that is dropped is no end, and the daemon is told.
        tokio::try_join!(read, self.connection().upload(storage::upload(&made, 0, 0), &mut from))?;
        sum.check().map_err(|other| wrong_sum(name, &other, checksum))?;
        let complete = VolumeXml::new(&sign(volume), Size::from_bytes(512), Format::Raw);
        self.connection().call(storage::create_volume(pool, &complete.to_xml()?, 0)).await?;
        Ok(made)
    }

    /// The image of this name that somebody has fetched to its end.
    async fn whole_image(&self, pool: &PoolRef, prefix: &str) -> Result<Option<VolumeRef>> {
        let volumes = self.connection().call(storage::volumes(pool)).await?;
        let whole = |volume: &&VolumeRef| {
            volume.name.starts_with(prefix) && volumes.iter().any(|other| other.name == sign(&volume.name))
        };
        Ok(volumes.iter().find(whole).cloned())
    }

    async fn volume_image(&self, source: &Source) -> Result<VolumeRef> {
        let Source::Volume { pool, name, checksum } = source else {
            return Err(not_done(ErrorKind::InvalidInput, "the image is no volume"));
        };
        let pool = self.active_pool(pool).await?;
        let volume = self.connection().call(storage::volume_by_name(&pool, name)).await?;
        let mut head = Vec::new();
        self.connection().download(storage::download(&volume, 0, LENGTH as u64), &mut head).await?;
        let named = format!("{}/{name}", pool.name);
        ImageHead::read(&head, &named)?;
        if let Some(wanted) = checksum {
            let sum = self.sum_of(&volume, wanted).await?;
            sum.check().map_err(|other| wrong_sum(&named, &other, wanted))?;
        }
        Ok(volume)
    }

    /// Sums a volume up, as a whole.
    async fn sum_of<'a>(&self, volume: &VolumeRef, wanted: &'a Checksum) -> Result<Sum<'a>> {
        let mut sum = wanted.begin();
        let (mut into, mut from) = duplex(PIPE);
        let add = async {
            let broken =
                |e: std::io::Error| not_done(ErrorKind::Unexpected, format!("volume {}: {e}", volume.name));
            let mut part = vec![0; PIPE];
            loop {
                match from.read(&mut part).await.map_err(broken)? {
                    0 => return Ok(()),
                    read => sum.add(&part[..read]),
                }
            }
        };
        let download = async {
            self.connection().download(storage::download(volume, 0, 0), &mut into).await?;
            drop(into);
            Ok::<_, Error>(())
        };
        tokio::try_join!(download, add)?;
        Ok(sum)
    }

    /// The pool of this name, which must be started.
    pub(super) async fn active_pool(&self, name: &str) -> Result<PoolRef> {
        let pool = self.connection().call(storage::pool_by_name(name)).await?;
        if self.connection().call(storage::pool_is_active(&pool)).await? {
            return Ok(pool);
        }
        let error = not_done(ErrorKind::WrongState, format!("pool {name} is not started"));
        Err(error.with_advice("start it on the host, and let it start with it (autostart)"))
    }

    /// Whether a pool takes so many bytes more.
    pub(super) async fn has_room(&self, pool: &PoolRef, bytes: u64) -> Result<()> {
        let info = self.connection().call(storage::pool_info(pool)).await?;
        if info.available >= bytes {
            return Ok(());
        }
        let size = Size::from_bytes;
        let text =
            format!("pool {} has {} free, and {} are needed", pool.name, size(info.available), size(bytes));
        Err(not_done(ErrorKind::WrongState, text)
            .with_advice("remove what is not needed there, or choose another pool"))
    }

    /// Removes a volume if it is there.
    pub(super) async fn remove_volume(&self, pool: &PoolRef, name: &str) -> Result<()> {
        let gone = |result: Result<()>| match result {
            Err(e) if e.is_not_found() => Ok(()),
            other => other,
        };
        match self.connection().call(storage::volume_by_name(pool, name)).await {
            Ok(volume) => gone(self.connection().call(storage::delete_volume(&volume)).await),
            Err(e) => gone(Err(e)),
        }
    }
}

fn wrong_sum(name: &str, found: &Checksum, wanted: &Checksum) -> Error {
    let text = format!("image {name}: its checksum is {found}, and it should be {wanted}");
    Error::new(ErrorKind::InvalidInput, Outcome::Rejected, text)
        .with_advice("compare with what its publisher says")
}

/// The volume that says of another that it is whole.
fn sign(volume: &str) -> String {
    format!("{volume}.whole")
}

/// Enough of a UUID to be the only one of its kind.
pub(super) fn short(uuid: Uuid) -> String {
    uuid.simple().to_string()[..8].to_owned()
}
