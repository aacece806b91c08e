//! What this SDK keeps with a domain: its tags, and the sign that it is one of ours.
//!
//! libvirt lets every program have one element of its own in a domain's `<metadata>`, told apart by its namespace. This SDK's is
//! [`URI`]. Programs before it kept tags in the description, as Base64 of JSON; those are read where the element is missing, and never
//! written.
//!
//! ```
//! use libvirt_driver::metadata::GuestMetadata;
//! use proxmox_core::config::Tags;
//! let metadata = GuestMetadata::new(Tags::of(["web", "sdk-managed"])?).marker("made by ci")?;
//! assert_eq!(
//!     metadata.fragment()?,
//!     "<guest><tag>web</tag><tag>sdk-managed</tag><marker>made by ci</marker></guest>"
//! );
//! assert_eq!(GuestMetadata::parse(&metadata.fragment()?)?, metadata);
//! # Ok::<(), proxmox_core::Error>(())
//! ```

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proxmox_core::config::Tags;
use proxmox_core::{Error, Outcome, Result};
use serde_json::Value;

use crate::xml::{DiskSource, Domain, Element, check};

/// The namespace of this SDK's element. It names; there is nothing to fetch.
pub const URI: &str = "https://proxmox-sdk.dev/libvirt/1";

/// The prefix that stands for the namespace; `virDomainSetMetadata` calls it the key.
pub const KEY: &str = "sdk";

/// The name of the element.
const ELEMENT: &str = "guest";

/// What this SDK keeps with a domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuestMetadata {
    tags: Tags,
    marker: Option<String>,
    volumes: Vec<OwnVolume>,
    /// What a later version of this SDK has put there.
    others: Vec<Element>,
}

/// A volume that was made for a domain, and goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnVolume {
    /// The name of its pool.
    pub pool: String,
    /// Its name in the pool.
    pub name: String,
    /// The UUID of the domain that it was made for. Another domain with this in its metadata is a copy, and owns nothing.
    pub domain: String,
}

impl OwnVolume {
    /// As a disk names it.
    pub(crate) fn source(&self) -> DiskSource {
        DiskSource::Volume { pool: self.pool.clone(), volume: self.name.clone() }
    }
}

impl fmt::Display for OwnVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pool, self.name)
    }
}

/// Where the tags of a domain were found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// In this SDK's element.
    Element(GuestMetadata),
    /// In the description, as programs before this SDK kept them.
    Description(SeedTags),
    /// Nowhere.
    Nothing,
}

impl GuestMetadata {
    /// These tags.
    #[must_use]
    pub fn new(tags: Tags) -> Self {
        Self { tags, ..Self::default() }
    }

    /// With this sign of ownership as well.
    ///
    /// # Errors
    /// `InvalidInput` unless it is one line of text.
    pub fn marker(mut self, marker: &str) -> Result<Self> {
        check::line("marker", marker)?;
        if marker.trim() != marker {
            return Err(check::refused("marker", marker, "it begins or ends with a blank"));
        }
        self.marker = Some(marker.to_owned());
        Ok(self)
    }

    /// With a volume that was made for the domain of this UUID, and is to go with it.
    #[must_use]
    pub fn volume(mut self, pool: &str, name: &str, domain: &str) -> Self {
        let [pool, name, domain] = [pool, name, domain].map(str::to_owned);
        self.volumes.push(OwnVolume { pool, name, domain });
        self
    }

    /// The volumes that were made for it.
    #[must_use]
    pub fn volumes(&self) -> &[OwnVolume] {
        &self.volumes
    }

    /// The same with other tags.
    #[must_use]
    pub fn with_tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The sign of ownership.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.marker.as_deref()
    }

    /// The document for `virDomainSetMetadata` with [`KEY`] and [`URI`]: without prefix and namespace, which the daemon adds. A document
    /// that has them would be stored with them twice.
    ///
    /// # Errors
    /// `InvalidInput` for tags that are none. Such ones are read from domains that others have written to.
    pub fn fragment(&self) -> Result<String> {
        self.build(str::to_owned)?.to_xml()
    }

    /// The element for a whole domain's `<metadata>`.
    ///
    /// # Errors
    /// As [`fragment`](Self::fragment).
    pub fn element(&self) -> Result<Element> {
        Ok(self.build(|name| format!("{KEY}:{name}"))?.with_attribute(&format!("xmlns:{KEY}"), URI))
    }

    fn build(&self, name: impl Fn(&str) -> String) -> Result<Element> {
        let tags = Tags::of(self.tags.iter())?;
        let of = |local: &str, text: &str| Element::new(name(local)).with_text(text);
        Ok(Element::new(name(ELEMENT))
            .with_all(tags.iter().map(|tag| of("tag", tag)))
            .with_all(self.marker.as_ref().map(|marker| of("marker", marker)))
            .with_all(self.volumes.iter().map(|volume| {
                let element = Element::new(name("volume"));
                element
                    .with_attribute("pool", &volume.pool)
                    .with_attribute("name", &volume.name)
                    .with_attribute("domain", &volume.domain)
            }))
            .with_all(self.others.iter().map(|other| renamed(other, &name))))
    }

    /// Reads what `virDomainGetMetadata` answers for [`URI`].
    ///
    /// # Errors
    /// `Decode` unless it is this SDK's element.
    pub fn parse(answer: &str) -> Result<Self> {
        Self::read(&Element::parse(answer)?)
    }

    /// Reads it from its element, with whatever prefix.
    fn read(element: &Element) -> Result<Self> {
        let (_, name) = element.split_name();
        if name != ELEMENT {
            let message = format!("metadata of {URI}: expected <{ELEMENT}>, found <{name}>");
            return Err(Error::decode(Outcome::Rejected, message));
        }
        let mut metadata = Self::default();
        let mut tags = String::new();
        for child in element.children() {
            match child.split_name().1 {
                "tag" => {
                    tags.push_str(&child.text());
                    tags.push(';');
                }
                "marker" => {
                    metadata.marker = Some(child.text().trim().to_owned()).filter(|text| !text.is_empty());
                }
                "volume" => {
                    let of = |name| child.attribute(name).map(str::to_owned);
                    let Some((pool, name)) = of("pool").zip(of("name")) else {
                        let message = format!("metadata of {URI}: a <volume> without pool or name");
                        return Err(Error::decode(Outcome::Rejected, message));
                    };
                    // Without a domain it is nobody's.
                    let domain = of("domain").unwrap_or_default();
                    metadata.volumes.push(OwnVolume { pool, name, domain });
                }
                _ => metadata.others.push(renamed(child, &|name: &str| name.to_owned())),
            }
        }
        metadata.tags = Tags::parse(&tags);
        Ok(metadata)
    }

    /// Reads it from a whole domain's document.
    ///
    /// # Errors
    /// `Decode` when this SDK's namespace is there with something else in it.
    pub fn of(domain: &Domain) -> Result<Option<Self>> {
        let Some(all) = &domain.metadata else { return Ok(None) };
        // libvirt declares each namespace on the element that it belongs to.
        all.children().find(|child| child.own_namespace() == Some(URI)).map(Self::read).transpose()
    }

    /// Finds the tags of a domain: in this SDK's element, or else where programs before it kept them.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn find(domain: &Domain) -> Result<Found> {
        if let Some(metadata) = Self::of(domain)? {
            return Ok(Found::Element(metadata));
        }
        Ok(domain.description.as_deref().and_then(SeedTags::parse).map_or(Found::Nothing, Found::Description))
    }
}

impl Found {
    /// The tags, wherever they were.
    #[must_use]
    pub fn tags(&self) -> Tags {
        match self {
            Self::Element(metadata) => metadata.tags.clone(),
            Self::Description(seed) => seed.tags().0,
            Self::Nothing => Tags::new(),
        }
    }
}

/// The same element under the name that this makes of its local one.
fn renamed(element: &Element, name: &impl Fn(&str) -> String) -> Element {
    let attributes = element.attributes().filter(|(name, _)| *name != "xmlns" && !name.starts_with("xmlns:"));
    let new = Element::new(name(element.split_name().1)).with_text(element.text());
    attributes
        .fold(new, |new, (key, value)| new.with_attribute(key, value))
        .with_all(element.children().map(|child| renamed(child, name)))
}

/// The tags that programs before this SDK kept: names with values, as JSON, as Base64, in the description.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeedTags(Vec<(String, String)>);

impl SeedTags {
    /// Reads a description; `None` when it is a text for people.
    ///
    /// ```
    /// use libvirt_driver::metadata::SeedTags;
    /// // {"owner": "ann", "production": "true"}
    /// let seed = SeedTags::parse("eyJvd25lciI6ICJhbm4iLCAicHJvZHVjdGlvbiI6ICJ0cnVlIn0=").unwrap();
    /// assert_eq!(seed.get("owner"), Some("ann"));
    /// assert_eq!(seed.tags().0.to_string(), "owner.ann;production");
    /// assert!(SeedTags::parse("the first web server").is_none());
    /// ```
    #[must_use]
    pub fn parse(description: &str) -> Option<Self> {
        let bytes = STANDARD.decode(description.trim()).ok()?;
        let Value::Object(entries) = serde_json::from_slice(&bytes).ok()? else {
            return None;
        };
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some(Self(entries.into_iter().map(|(key, value)| (key, text(value))).collect()))
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As tags: the name alone where the value is `true` or empty, nothing where it is `false` or `null`, and `name.value` otherwise.
    /// Beside them the names of those that no tag can say, so that nobody believes them absent.
    #[must_use]
    pub fn tags(&self) -> (Tags, Vec<String>) {
        let mut tags = Tags::new();
        let mut unsaid = Vec::new();
        for (name, value) in self.iter() {
            let tag = match value {
                "" | "true" => name.to_owned(),
                "false" | "null" => continue,
                value => format!("{name}.{value}"),
            };
            if tags.insert(&tag).is_err() {
                unsaid.push(name.to_owned());
            }
        }
        (tags, unsaid)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proxmox_core::Size;

    use super::*;
    use crate::xml::DomainXml;

    fn spec() -> DomainXml {
        DomainXml::new("x", Size::mib(64), 1).uuid(uuid::Uuid::nil())
    }

    fn read(spec: &DomainXml) -> Domain {
        Domain::parse(&spec.to_xml().unwrap()).unwrap()
    }

    #[test]
    fn within_a_domain() {
        let metadata = GuestMetadata::new(Tags::parse("web;db")).marker("<ours> & 'mine'").unwrap();
        let foreign = Element::new("t:tags").with_attribute("xmlns:t", "https://example.org/tags/1.0");
        let domain = read(&spec().metadata(foreign.clone()).metadata(metadata.element().unwrap()));
        assert_eq!(GuestMetadata::of(&domain).unwrap(), Some(metadata.clone()));
        assert_eq!(GuestMetadata::find(&domain).unwrap().tags().to_string(), "web;db");
        assert_eq!(GuestMetadata::of(&read(&spec().metadata(foreign))).unwrap(), None);
        assert_eq!(GuestMetadata::of(&read(&spec())).unwrap(), None);

        let other = Element::new("other").with_attribute("xmlns", URI);
        assert!(GuestMetadata::of(&read(&spec().metadata(other))).is_err());
        let same =
            Element::new("guest").with_attribute("xmlns", URI).with(Element::new("tag").with_text("A"));
        assert!(GuestMetadata::of(&read(&spec().metadata(same))).unwrap().unwrap().tags().contains("a"));
        // The same prefix for something else is not ours.
        let alike = Element::new("sdk:guest").with_attribute("xmlns:sdk", "https://example.org/");
        assert_eq!(GuestMetadata::of(&read(&spec().metadata(alike))).unwrap(), None);
    }

    /// What a daemon answered to `virDomainGetMetadata`, and its `<metadata>` in a whole document.
    #[test]
    fn as_a_daemon_answers() {
        let answer =
            "<guest>\n  <tag>web</tag>\n  <marker>m</marker>\n  <later a=\"1\"><x/></later>\n</guest>\n\n";
        let metadata = GuestMetadata::parse(answer).unwrap();
        assert_eq!((metadata.tags().to_string().as_str(), metadata.owner()), ("web", Some("m")));
        let fragment = metadata.with_tags(Tags::parse("db")).fragment().unwrap();
        assert_eq!(
            fragment, "<guest><tag>db</tag><marker>m</marker><later a=\"1\"><x/></later></guest>",
            "what a later version wrote stays"
        );
        let whole = "<domain type='test'><name>x</name><uuid>da6b6449-6df2-4a09-951c-9e10a28e95c6</uuid><metadata>\n\
                     <sdk:guest xmlns:sdk=\"https://proxmox-sdk.dev/libvirt/1\">\n<sdk:tag>web</sdk:tag></sdk:guest>\n\
                     </metadata><memory>1</memory><vcpu>1</vcpu></domain>";
        let metadata = GuestMetadata::of(&Domain::parse(whole).unwrap()).unwrap().unwrap();
        assert_eq!(metadata.tags().to_string(), "web");
        assert!(GuestMetadata::parse("<tags/>").unwrap_err().to_string().contains("<guest>"));
    }

    #[test]
    fn what_is_refused() {
        for bad in ["", " x", "a\nb", "\u{1}"] {
            assert!(GuestMetadata::default().marker(bad).is_err(), "{bad:?}");
        }
        assert!(GuestMetadata::new(Tags::parse("-odd")).fragment().is_err());
    }

    #[test]
    fn the_description_of_before() {
        let encode = |json: &str| STANDARD.encode(json);
        let seed = |json: &str| SeedTags::parse(&encode(json));
        let tags =
            seed(r#"{"a":"true","b":"","c":"false","d":null,"e":5,"f":true,"g h":"x","i":"y z"}"#).unwrap();
        let (tags, unsaid) = tags.tags();
        assert_eq!((tags, unsaid), (Tags::parse("a;b;e.5;f"), vec!["g h".to_owned(), "i".to_owned()]));
        for not in ["<No description>", "", "text", "dGV4dA==", &encode("[1]"), &encode("{")] {
            assert!(SeedTags::parse(not).is_none(), "{not}");
        }
        let domain = read(&spec().description(&encode(r#"{"owner":"ann"}"#)));
        assert_eq!(GuestMetadata::find(&domain).unwrap().tags().to_string(), "owner.ann");
        let ours = spec().description(&encode(r#"{"owner":"ann"}"#));
        let ours = read(&ours.metadata(GuestMetadata::default().element().unwrap()));
        assert!(GuestMetadata::find(&ours).unwrap().tags().is_empty(), "ours counts, even when it is empty");
        assert_eq!(GuestMetadata::find(&read(&spec())).unwrap(), Found::Nothing);
    }

    proptest! {
        #[test]
        fn reads_back(tags in proptest::collection::vec("[a-z0-9_][a-z0-9_+.-]{0,8}", 0..5), marker in "[!-~☃<&>]([ -~☃]{0,9}[!-~])?") {
            let metadata = GuestMetadata::new(Tags::of(&tags).unwrap()).marker(&marker).unwrap();
            let metadata = metadata.volume("images", &marker, "u");
            prop_assert_eq!(&GuestMetadata::parse(&metadata.fragment().unwrap()).unwrap(), &metadata);
            let domain = read(&spec().metadata(metadata.element().unwrap()));
            prop_assert_eq!(GuestMetadata::of(&domain).unwrap(), Some(metadata));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = (GuestMetadata::parse(&text), SeedTags::parse(&text), SeedTags::parse(&STANDARD.encode(&text)));
        }
    }
}
