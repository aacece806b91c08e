//! Tags, kept in the domain's metadata.

use proxmox_core::config::Tags;
use proxmox_core::{Effect, Result};

use super::Domain;
use crate::metadata::{Found, GuestMetadata, KEY, URI};
use crate::rpc::Call;
use crate::rpc::procedures::domain;

/// The element of a namespace, as `virDomainSetMetadata` counts.
const ELEMENT: i32 = 2;

impl Domain {
    /// Its tags, sorted: all of what runs and of what will run.
    ///
    /// # Errors
    /// As [`state`](Self::state), and `Decode` for metadata that is not this SDK's though it says so.
    pub async fn tags(&self) -> Result<Tags> {
        Ok(Tags::parse(&self.host.carried(&self.found).await?.tags.join(";")))
    }

    /// Sets its tags. Those of a program before this SDK, in the description, stay there and no longer count.
    ///
    /// Taking the managed tag or a protecting one away counts as [`Effect::Destroy`]. Between reading and writing somebody else may
    /// write as well: libvirt has nothing against it.
    ///
    /// # Errors
    /// `InvalidInput` for what is no tag, `Refused` by the gate.
    pub async fn set_tags<T: AsRef<str>>(&self, tags: impl IntoIterator<Item = T>) -> Result<()> {
        let tags = Tags::of(tags)?;
        let before = self.host.carried(&self.found).await?.tags;
        let after: Vec<String> = tags.iter().map(str::to_owned).collect();
        let loses = self.host.policy().loses_protection(&before, &after);
        let metadata = match GuestMetadata::find(&self.definition().await?)? {
            Found::Element(metadata) => metadata.with_tags(tags),
            Found::Description(_) | Found::Nothing => GuestMetadata::new(tags),
        };
        let call = self.set_metadata(&metadata).await?;
        self.call(if loses { call.with_effect(Effect::Destroy) } else { call }).await
    }

    async fn set_metadata(&self, metadata: &GuestMetadata) -> Result<Call<()>> {
        let (flags, fragment) = (self.everywhere().await?, metadata.fragment()?);
        Ok(domain::set_metadata(&self.found, ELEMENT, Some(&fragment), Some(KEY), Some(URI), flags))
    }

    /// Writes metadata that was its own a moment ago: the gate was asked then.
    pub(super) async fn write_metadata(&self, metadata: &GuestMetadata) -> Result<()> {
        let call = self.set_metadata(metadata).await?;
        self.host.connection().call(call.about(self)).await
    }

    /// Adds a tag, and says whether it is new.
    ///
    /// # Errors
    /// As [`set_tags`](Self::set_tags).
    pub async fn add_tag(&self, tag: &str) -> Result<bool> {
        let mut tags = self.tags().await?;
        let new = tags.insert(tag)?;
        if new {
            self.set_tags(tags.iter()).await?;
        }
        Ok(new)
    }

    /// Takes a tag away, and says whether it was there.
    ///
    /// # Errors
    /// As [`set_tags`](Self::set_tags).
    pub async fn remove_tag(&self, tag: &str) -> Result<bool> {
        let mut tags = self.tags().await?;
        let was = tags.remove(tag);
        if was {
            self.set_tags(tags.iter()).await?;
        }
        Ok(was)
    }
}
