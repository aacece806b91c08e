//! What every write to a domain passes: facts are read, and the policy is asked.

use proxmox_core::policy::{InstanceFacts, Verdict};
use proxmox_core::{Effect, Error, ErrorKind, Outcome, Policy, Result};

use super::Host;
use crate::metadata::{Found, GuestMetadata};
use crate::rpc::DomainRef;
use crate::rpc::procedures::domain;
use crate::xml;

/// Reads the definition, not what runs.
const INACTIVE: u32 = 2;

/// What a domain carries, in what runs and in what will run.
pub(crate) struct Carried {
    /// As the gate takes them: whoever protects a domain may have done it in either place, so each tag of both counts; the managed tag must be
    /// in both.
    pub(crate) judged: Vec<String>,
    /// All, sorted.
    pub(crate) tags: Vec<String>,
    /// The text that the policy demands, where it is in both places.
    signs: String,
}

impl Carried {
    fn of(documents: &[xml::Domain], policy: &Policy) -> Result<Self> {
        let (mut managed, mut marked) = (true, true);
        let (mut tags, mut judged) = (Vec::new(), Vec::new());
        for document in documents {
            let found = GuestMetadata::find(document)?;
            let own = found.tags();
            managed &= own.contains(policy.tag());
            marked &= policy.marker_text().is_none_or(|marker| bears(document, &found, marker));
            judged.extend(seed_names(&found)?);
            tags.extend(own);
        }
        judged.extend(tags.iter().cloned());
        judged.retain(|tag| managed || tag != policy.tag());
        for tags in [&mut tags, &mut judged] {
            tags.sort_unstable();
            tags.dedup();
        }
        let signs = policy.marker_text().filter(|_| marked).unwrap_or_default().to_owned();
        Ok(Self { judged, tags, signs })
    }
}

/// Whether this is said to be the owner, or is written in the description for people.
fn bears(document: &xml::Domain, found: &Found, marker: &str) -> bool {
    let owner = match found {
        Found::Element(metadata) => metadata.owner(),
        Found::Description(_) | Found::Nothing => None,
    };
    owner == Some(marker) || document.description.as_deref().is_some_and(|text| text.contains(marker))
}

/// The names of tags that programs before this SDK kept, whatever their values: `production` protects, whether it says `true` or `yes`.
fn seed_names(found: &Found) -> Result<Vec<String>> {
    let Found::Description(seed) = found else { return Ok(Vec::new()) };
    let (_, unsaid) = seed.tags();
    if !unsaid.is_empty() {
        let text = format!("its description has tags that no tag can say: {}", unsaid.join(", "));
        return Err(Error::decode(Outcome::NotSent, text));
    }
    let said = seed.iter().filter(|(_, value)| !matches!(*value, "false" | "null"));
    Ok(said.map(|(name, _)| name.to_lowercase()).collect())
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
        Carried::of(&documents, self.policy())
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
        self.verdict(&domain.name, &carried.judged, &carried.signs, effect, forced)
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

    fn document(tags: &str, owner: &str, description: &str) -> xml::Domain {
        let metadata = GuestMetadata::new(Tags::parse(tags)).marker(owner).unwrap().element().unwrap();
        let spec = DomainXml::new("x", Size::mib(64), 1).uuid(uuid::Uuid::nil());
        xml::Domain::parse(&spec.metadata(metadata).description(description).to_xml().unwrap()).unwrap()
    }

    #[test]
    fn what_protects_counts_in_either_place_and_what_lets_in_must_be_in_both() {
        let policy = Policy::default().marker("acme").unwrap();
        let of = |documents: &[xml::Domain]| Carried::of(documents, &policy).unwrap();
        let carried = of(&[document("sdk-managed;web", "acme", ""), document("production", "x", "of acme")]);
        assert_eq!(carried.judged, ["production", "web"]);
        assert_eq!(carried.tags, ["production", "sdk-managed", "web"]);
        assert_eq!(carried.signs, "acme");
        let carried = of(&[document("sdk-managed", "acme", ""), document("sdk-managed", "not acme", "")]);
        assert_eq!((carried.judged[0].as_str(), carried.signs.as_str()), ("sdk-managed", ""));
    }

    #[test]
    fn the_tags_of_before_protect_whatever_their_value() {
        use base64::Engine as _;
        let described = |json: &str| {
            let text = base64::engine::general_purpose::STANDARD.encode(json);
            let spec = DomainXml::new("x", Size::mib(64), 1).uuid(uuid::Uuid::nil()).description(&text);
            Carried::of(&[xml::Domain::parse(&spec.to_xml().unwrap()).unwrap()], &Policy::default())
        };
        let judged = described(r#"{"Production":"yes","protected":1,"test":"false"}"#).unwrap().judged;
        assert!(
            judged.contains(&"production".to_owned()) && judged.contains(&"protected".to_owned()),
            "{judged:?}"
        );
        assert!(!judged.contains(&"test".to_owned()));
        assert!(described(r#"{"owner":"a b"}"#).is_err());
    }
}
