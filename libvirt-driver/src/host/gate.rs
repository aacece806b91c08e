//! What every write to a domain passes: facts are read, and the policy is asked.

use proxmox_core::policy::{InstanceFacts, Verdict};
use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};

use super::Host;
use crate::metadata::{Found, GuestMetadata};
use crate::rpc::DomainRef;
use crate::rpc::procedures::domain;
use crate::xml;

/// Reads the definition, not what runs.
const INACTIVE: u32 = 2;

/// What a domain carries, in what runs and in what will run.
pub(crate) struct Carried {
    pub(crate) tags: Vec<String>,
    /// What decides who owns it: descriptions and signs of ownership.
    signs: String,
}

impl Carried {
    /// Whoever protects a domain may have done it in either place, so each tag of both counts; the managed tag must be in both.
    fn of(documents: &[xml::Domain], managed: &str) -> Result<Self> {
        let mut carried = Self { tags: Vec::new(), signs: String::new() };
        let mut everywhere = true;
        for document in documents {
            let found = GuestMetadata::find(document)?;
            let tags = found.tags();
            everywhere &= tags.contains(managed);
            carried.tags.extend(tags);
            let owner = match &found {
                Found::Element(metadata) => metadata.owner(),
                _ => None,
            };
            for sign in owner.iter().copied().chain(document.description.as_deref()) {
                carried.signs.push_str(sign);
                carried.signs.push('\n');
            }
        }
        carried.tags.sort_unstable();
        carried.tags.dedup();
        if !everywhere {
            carried.tags.retain(|tag| tag != managed);
        }
        Ok(carried)
    }
}

/// An error of which nothing was sent.
pub(crate) fn not_done(kind: ErrorKind, text: impl Into<String>) -> Error {
    Error::new(kind, Outcome::NotSent, text)
}

/// A domain's document as it is now.
pub(crate) async fn read_domain(host: &Host, domain: &DomainRef, flags: u32) -> Result<xml::Domain> {
    xml::Domain::parse(&host.connection().call(domain::xml(domain, flags)).await?)
}

impl Host {
    /// What a domain carries now.
    pub(crate) async fn carried(&self, domain: &DomainRef) -> Result<Carried> {
        let now = read_domain(self, domain, 0).await?;
        let mut documents = vec![now];
        // Of a domain that runs, what will run may say something else.
        if documents[0].id.is_some() {
            documents.push(read_domain(self, domain, INACTIVE).await?);
        }
        Carried::of(&documents, self.policy().tag())
    }

    /// Comes back when this may be done to the domain.
    pub(crate) async fn allow(&self, domain: &DomainRef, effect: Effect, forced: bool) -> Result<()> {
        if effect == Effect::Read {
            return Ok(());
        }
        let carried = match self.carried(domain).await {
            Ok(carried) => carried,
            Err(e) if e.kind() == ErrorKind::Decode => {
                let text =
                    format!("refused by rule unverifiable: what decides cannot be read: {}", e.message());
                return Err(Error::new(ErrorKind::Refused, Outcome::NotSent, text).with_source(e));
            }
            // Nothing was written, whatever the look died of.
            Err(e) => return Err(e.with_outcome(Outcome::NotSent)),
        };
        self.verdict(&domain.name, &carried.tags, &carried.signs, effect, forced)
    }

    /// What the policy says of something that carries this.
    pub(crate) fn verdict(
        &self,
        name: &str,
        tags: &[String],
        signs: &str,
        effect: Effect,
        forced: bool,
    ) -> Result<()> {
        let facts = InstanceFacts { name, host: self.name(), tags, description: signs, forced };
        match self.policy().verdict_on(&facts, effect) {
            Verdict::Allow => Ok(()),
            Verdict::Refuse(refusal) => Err(refusal.into()),
            // Whatever a later policy answers, it is not a yes.
            _ => Err(not_done(ErrorKind::Refused, "the policy gave no answer that is known here")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proxmox_core::Size;
    use proxmox_core::config::Tags;

    use super::*;
    use crate::xml::DomainXml;

    fn document(tags: &str, description: &str) -> xml::Domain {
        let metadata = GuestMetadata::new(Tags::parse(tags)).marker("ours").unwrap().element().unwrap();
        let spec = DomainXml::new("x", Size::mib(64), 1).uuid(uuid::Uuid::nil());
        xml::Domain::parse(&spec.metadata(metadata).description(description).to_xml().unwrap()).unwrap()
    }

    #[test]
    fn what_protects_counts_in_either_place_and_what_lets_in_must_be_in_both() {
        let both = [document("sdk-managed;web", "a"), document("production", "b")];
        let carried = Carried::of(&both, "sdk-managed").unwrap();
        assert_eq!(carried.tags, ["production", "web"]);
        assert_eq!(carried.signs, "ours\na\nours\nb\n");
        let same = [document("sdk-managed", ""), document("sdk-managed", "")];
        assert_eq!(Carried::of(&same, "sdk-managed").unwrap().tags, ["sdk-managed"]);
    }
}
