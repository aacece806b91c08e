use std::fmt;

use super::{ConfigBag, bag::MASK, compare};
use crate::params::ParamValue;
use crate::secret::REDACTED;
use crate::{Error, Params, Result};

/// What `PUT …/config` is to do: keys to set, keys to delete, and the state of the file that this was made for.
///
/// ```
/// use proxmox_core::config::ConfigChange;
/// let change = ConfigChange::new().set("cores", 4).set("cipassword", "hunter2").delete("onboot").delete("tags");
/// assert_eq!(change.to_string(), "cores: 4\ncipassword: <redacted>\nonboot: unset\ntags: unset");
/// let params = change.params()?;
/// assert_eq!((params.text("cores"), params.text("delete")), (Some("4".into()), Some("onboot,tags".into())));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
///
/// `Display` is one line for each key, with what stood there before where that is known; secrets are redacted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigChange {
    steps: Vec<Step>,
    /// What is, where it is known.
    before: Option<ConfigBag>,
    digest: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    key: String,
    /// `None` deletes.
    to: Option<ParamValue>,
}

impl ConfigChange {
    /// Nothing to do yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing to do yet, to a configuration that is known.
    pub(super) fn against(bag: &ConfigBag) -> Self {
        Self { digest: bag.digest().map(str::to_owned), before: Some(bag.clone()), steps: Vec::new() }
    }

    /// Sets a key. The last word on a key counts: PVE refuses to set and delete one together.
    #[must_use]
    pub fn set(self, key: impl Into<String>, value: impl Into<ParamValue>) -> Self {
        self.step(key.into(), Some(value.into()))
    }

    /// Deletes a key, so that PVE's default holds. **Deleting `unusedN` destroys its volume**; deleting a drive detaches it.
    #[must_use]
    pub fn delete(self, key: impl Into<String>) -> Self {
        self.step(key.into(), None)
    }

    fn step(mut self, key: String, to: Option<ParamValue>) -> Self {
        self.steps.retain(|step| step.key != key);
        self.steps.push(Step { key, to });
        self
    }

    /// Makes PVE refuse the change when the configuration file is no longer in this state.
    #[must_use]
    pub fn with_digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }

    /// Lets the change happen whatever became of the configuration since it was read.
    #[must_use]
    pub fn without_digest(mut self) -> Self {
        self.digest = None;
        self
    }

    /// The state of the file that this was made for.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether there is nothing to do. PVE refuses an empty change: do not send it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The keys that it sets.
    pub fn sets(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter(|step| step.to.is_some()).map(|step| step.key.as_str())
    }

    /// The keys that it deletes.
    pub fn deletes(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter(|step| step.to.is_none()).map(|step| step.key.as_str())
    }

    /// The parameters of `PUT …/config`: each key with its value, `delete=a,b`, `digest`.
    ///
    /// # Errors
    /// `InvalidInput` for a key that is none, and for `delete`, `digest` and `revert`, which are not keys.
    pub fn params(&self) -> Result<Params> {
        let mut params = Params::new();
        for Step { key, to } in &self.steps {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            let word = matches!(key.as_str(), "delete" | "digest" | "revert");
            if key.is_empty() || word || !key.bytes().all(plain) {
                return Err(Error::invalid("key", format!("{key:?} is not a configuration key")));
            }
            params.set_some(key, to.clone());
        }
        let deletes: Vec<_> = self.deletes().collect();
        if !deletes.is_empty() {
            params.set("delete", deletes.join(","));
        }
        params.set_some("digest", self.digest());
        Ok(params)
    }
}

impl ConfigBag {
    /// What to send so that every key of `wanted` says what it says there. Keys that `wanted` does not name stay.
    ///
    /// Values are compared by what they mean to PVE, which rewrites much of what it is given: tags and property strings in
    /// another order are the same, and so are `1` and `enabled=1` of the agent, `2` and `2.0` of a number, MAC addresses
    /// in another case, a description with and without its last newline. What PVE fills in counts as wanted when `wanted`
    /// leaves it open: the MAC address of a card, the size of a volume.
    ///
    /// A change of a drive never replaces a volume by an empty one: the order to make a volume (`local-lvm:32`) is
    /// satisfied by whatever volume the drive holds, and only options are compared. Grow it with a resize, move it with a
    /// disk move, or force it with [`ConfigChange::set`].
    ///
    /// Compare with the configuration that has pending changes applied, which is what `GET …/config` answers: compared with
    /// the running one, a change that waits for a restart would be sent again and again. `vmgenid` and `smbios1` are
    /// sent when `wanted` names others: leave them out of a `wanted` that comes from another guest.
    ///
    /// Never sent, because the configuration only reports them or an operation of its own sets them: `digest`, `lock`,
    /// `meta`, `parent`, `snaptime`, `snapstate`, `vmstate`, `template`, `lxc`, `running…`. A password cannot be compared: one that
    /// is not the mask is always sent.
    #[must_use]
    pub fn changes_to(&self, wanted: &Self) -> ConfigChange {
        let mut change = ConfigChange::against(self);
        for (key, value) in wanted.entries().iter().filter(|(key, _)| !compare::is_reported(key)) {
            let now = self.get(key);
            match value {
                ParamValue::Text(text) => {
                    if let Some(text) = compare::revised(key, now, text) {
                        change = change.set(key, text);
                    }
                }
                secret if is_mask(secret) => {}
                secret => change = change.set(key, secret.clone()),
            }
        }
        change
    }

    /// The same, and keys that `wanted` does not name are deleted.
    ///
    /// Never deleted: what is never sent; `vmgenid` and `smbios1`, the identity that the guest sees; `unusedN`, for
    /// deleting that destroys the volume. Deleting a drive such as `scsi1` detaches its volume, which becomes `unusedN`;
    /// deleting the cloud-init drive removes it.
    #[must_use]
    pub fn changes_to_exactly(&self, wanted: &Self) -> ConfigChange {
        self.changes(wanted, compare::is_kept)
    }

    /// What to send so that the configuration becomes what `edit` makes of it: [`changes_to`](Self::changes_to), and every
    /// key that `edit` removes is deleted, for it was named. **Removing `unusedN` destroys its volume.**
    #[must_use]
    pub fn change(&self, edit: impl FnOnce(&mut Self)) -> ConfigChange {
        let mut wanted = self.clone();
        edit(&mut wanted);
        self.changes(&wanted, |_| false)
    }

    fn changes(&self, wanted: &Self, kept: impl Fn(&str) -> bool) -> ConfigChange {
        let mut change = self.changes_to(wanted);
        for (key, _) in self.iter().filter(|(key, _)| wanted.value(key).is_none()) {
            if !compare::is_reported(key) && !kept(key) {
                change = change.delete(key);
            }
        }
        change
    }
}

fn is_mask(value: &ParamValue) -> bool {
    value.texts().iter().all(|text| text == MASK)
}

impl<K: Into<String>, V: Into<ParamValue>> FromIterator<(K, V)> for ConfigChange {
    /// Each pair sets a key; `delete` is read as the keys to delete, and `digest` as the digest, as PVE reads them.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut change = Self::new();
        for (key, value) in pairs {
            let (key, value) = (key.into(), value.into());
            let text = value.texts().join(",");
            change = match key.as_str() {
                "digest" => change.with_digest(text),
                "delete" => {
                    let keys = text.split([',', ';', ' ']).filter(|key| !key.is_empty());
                    keys.fold(change, Self::delete)
                }
                _ => change.set(key, value),
            };
        }
        change
    }
}

impl<K: Into<String>, V: Into<ParamValue>, const N: usize> From<[(K, V); N]> for ConfigChange {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl From<Params> for ConfigChange {
    fn from(params: Params) -> Self {
        params.iter().map(|(key, value)| (key, value.clone())).collect()
    }
}

impl fmt::Display for ConfigChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Step { key, to }) in self.steps.iter().enumerate() {
            let line = if i == 0 { "" } else { "\n" };
            write!(f, "{line}{key}: ")?;
            if let Some(before) = &self.before {
                match before.value(key) {
                    Some(value) => write!(f, "{} -> ", shown(key, value))?,
                    None => f.write_str("unset -> ")?,
                }
            }
            match to {
                Some(value) => f.write_str(&shown(key, value))?,
                None => f.write_str("unset")?,
            }
        }
        Ok(())
    }
}

/// On one line, without secrets.
fn shown(key: &str, value: &ParamValue) -> String {
    let secret =
        crate::secret::is_secret_name(key) || matches!(value, ParamValue::Secret(_) | ParamValue::Redacted);
    if secret {
        REDACTED.to_owned()
    } else {
        value.texts().join(",").escape_debug().to_string().replace("\\'", "'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts() {
        let change = ConfigChange::new()
            .set("tags", "x")
            .delete("tags")
            .delete("cores")
            .set("cores", 2)
            .with_digest("d");
        let params = change.params().unwrap();
        let pairs: Vec<_> = params.exposed().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(pairs, ["cores=2", "delete=tags", "digest=d"]);
        assert_eq!(
            (change.sets().collect::<Vec<_>>(), change.deletes().collect::<Vec<_>>()),
            (vec!["cores"], vec!["tags"])
        );
        assert!(!change.is_empty() && change.without_digest().params().unwrap().get("digest").is_none());
    }

    #[test]
    fn made_from_pairs() {
        let change = ConfigChange::from([("cores", "2"), ("delete", "tags,onboot net1"), ("digest", "d")]);
        assert_eq!(change.to_string(), "cores: 2\ntags: unset\nonboot: unset\nnet1: unset");
        assert_eq!(change.digest(), Some("d"));
        assert_eq!(ConfigChange::from(change.params().unwrap()), change);
    }

    #[test]
    fn keys_that_are_none() {
        for bad in ["", "a,b", "a b", "delete", "digest", "revert", "a=b"] {
            assert!(ConfigChange::new().set(bad, 1).params().is_err(), "{bad:?}");
            assert!(ConfigChange::new().delete(bad).params().is_err(), "{bad:?}");
        }
        assert!(ConfigChange::new().is_empty() && ConfigChange::new().params().unwrap().is_empty());
    }

    #[test]
    fn one_line_for_each_key() {
        let bag: ConfigBag =
            serde_json::from_str(r#"{"cores":2,"description":"a\nb","cipassword":"**********","onboot":1}"#)
                .unwrap();
        let change = bag.change(|want| {
            want.set("cores", 4)
                .set("description", "it's \"so\"")
                .set("cipassword", "hunter2")
                .set("name", "web");
            want.remove("onboot");
        });
        assert_eq!(
            change.to_string(),
            "cores: 2 -> 4\ndescription: a\\nb -> it's \\\"so\\\"\ncipassword: <redacted> -> <redacted>\n\
             name: unset -> web\nonboot: 1 -> unset"
        );
        assert!(!format!("{change:?}").contains("hunter2"));
    }
}
