use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ConfigBag;
use crate::params::ParamValue;
use crate::{Error, Result};

/// The tags of a guest: a set of lower-case words in the order in which they were written.
///
/// PVE reads tags apart at `;`, `,` and space, and ignores case and order; PVE 8 stores what `create` gives as it came,
/// and tidies up only when the configuration is set. This does the tidying when it reads. Equality ignores order.
///
/// ```
/// use proxmox_core::config::Tags;
/// let mut tags = Tags::parse("Foo;bar,baz foo");
/// assert_eq!(tags.to_string(), "foo;bar;baz");
/// assert!(tags.insert("Production")?);
/// assert!(tags.contains("PRODUCTION"));
/// assert!(tags.insert("no spaces").is_err());
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Tags(Vec<String>);

impl Tags {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads PVE's text. What PVE would not accept, but has stored, is kept.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut tags = Self::new();
        for tag in text.split([';', ',', ' ']).map(|tag| tag.trim().to_lowercase()) {
            if !tag.is_empty() && !tags.0.contains(&tag) {
                tags.0.push(tag);
            }
        }
        tags
    }

    /// Exactly these.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn of<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut set = Self::new();
        for tag in tags {
            set.insert(tag.as_ref())?;
        }
        Ok(set)
    }

    /// Adds one at the end, and says whether it is new.
    ///
    /// # Errors
    /// `InvalidInput` unless it is a letter, digit or `_`, then letters, digits, `_`, `-`, `+` and `.`.
    pub fn insert(&mut self, tag: &str) -> Result<bool> {
        let first = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        let later = |b: &u8| first(b) || matches!(b, b'-' | b'+' | b'.');
        if !tag.as_bytes().first().is_some_and(first) || !tag.as_bytes().iter().all(later) {
            let expected = "a letter, digit or '_', then letters, digits, '_', '-', '+' or '.'";
            return Err(Error::invalid("tags", format!("{tag:?} is not a tag: expected {expected}")));
        }
        let new = !self.contains(tag);
        if new {
            self.0.push(tag.to_lowercase());
        }
        Ok(new)
    }

    /// Takes one out, and says whether it was there.
    pub fn remove(&mut self, tag: &str) -> bool {
        let tag = tag.to_lowercase();
        let before = self.0.len();
        self.0.retain(|t| *t != tag);
        self.0.len() < before
    }

    /// Whether it is there, in whatever case.
    #[must_use]
    pub fn contains(&self, tag: &str) -> bool {
        self.0.contains(&tag.to_lowercase())
    }

    /// The tags in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Order says nothing: PVE sorts.
impl PartialEq for Tags {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|tag| other.0.contains(tag))
    }
}

impl Eq for Tags {}

impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.join(";"))
    }
}

impl IntoIterator for Tags {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<&str> for Tags {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl From<Tags> for ParamValue {
    fn from(tags: Tags) -> Self {
        Self::Text(tags.to_string())
    }
}

impl From<&Tags> for ParamValue {
    fn from(tags: &Tags) -> Self {
        Self::Text(tags.to_string())
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = crate::de::opt_text(deserializer)?;
        Ok(text.as_deref().map(Self::parse).unwrap_or_default())
    }
}

impl ConfigBag {
    /// The tags, tidied up.
    #[must_use]
    pub fn tags(&self) -> Tags {
        self.get("tags").map(Tags::parse).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pve_forms() {
        for (text, tidy) in [
            ("b;a;B", "b;a"),
            ("a,b", "a;b"),
            ("a b", "a;b"),
            ("x;;y", "x;y"),
            ("a;b;a", "a;b"),
            ("A-b_c+d.e", "a-b_c+d.e"),
            ("Foo;bar,baz foo", "foo;bar;baz"),
            ("", ""),
            (" ; ", ""),
        ] {
            assert_eq!(Tags::parse(text).to_string(), tidy, "{text:?}");
        }
        assert_eq!(Tags::parse("a;b"), Tags::parse("B;A"));
        assert_ne!(Tags::parse("a;b"), Tags::parse("a"));
        assert_ne!(Tags::parse("a;b"), Tags::parse("a;c"));
    }

    #[test]
    fn insertion_is_checked() {
        for bad in ["", "-bad", "ümlaut", "a b", "a;b", "a,b", ".x", "+x", "a\n"] {
            let error = Tags::of([bad]).unwrap_err();
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
        let mut tags = Tags::of(["_x", "9", "A"]).unwrap();
        assert!(!tags.insert("a").unwrap() && tags.remove("A") && !tags.remove("a"));
        assert_eq!((tags.to_string().as_str(), tags.len()), ("_x;9", 2));
        assert_eq!(serde_json::from_str::<Tags>("\"x;Y\"").unwrap().iter().collect::<Vec<_>>(), ["x", "y"]);
        assert!(serde_json::from_str::<Tags>("null").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn tidy_text_stays(text: String) {
            let tags = Tags::parse(&text);
            prop_assert_eq!(Tags::parse(&tags.to_string()), tags);
        }

        #[test]
        fn an_accepted_tag_is_one_tag(tag in prop_oneof![any::<String>(), "[a-zA-Z0-9_+.;, -]{0,6}"]) {
            if let Ok(tags) = Tags::of([&tag]) {
                prop_assert_eq!(tags.len(), 1);
                prop_assert_eq!(Tags::parse(&tag), tags);
            }
        }
    }
}
