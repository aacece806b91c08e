//! A command of virsh, as words.

use std::fmt::{Display, Write as _};

use proxmox_core::{Error, ErrorKind, Outcome, Result};

use crate::rpc::{DomainRef, NetworkRef, PoolRef, VolumeRef};

/// One command with its options. Each value stands behind the name of its option: whatever it begins with, virsh takes it for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command(Vec<String>);

/// An option of virsh for each bit that libvirt has for it.
pub(crate) type Flags = &'static [(u32, &'static str)];

impl Command {
    pub(crate) fn new(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// With an option alone.
    pub(crate) fn option(mut self, option: &str) -> Self {
        self.0.push(option.to_owned());
        self
    }

    /// With an option and its value.
    pub(crate) fn with(self, option: &str, value: impl Display) -> Self {
        let mut with = self.option(option);
        with.0.push(value.to_string());
        with
    }

    /// With an option, if there is a value for it.
    pub(crate) fn maybe(self, option: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(option, value),
            None => self,
        }
    }

    /// Of this domain: by its UUID, for a name may also be a number, which virsh takes for an id.
    pub(crate) fn domain(self, domain: &DomainRef) -> Self {
        self.with("--domain", domain.uuid)
    }

    pub(crate) fn network(self, network: &NetworkRef) -> Self {
        self.with("--network", network.uuid)
    }

    pub(crate) fn pool(self, pool: &PoolRef) -> Self {
        self.with("--pool", pool.uuid)
    }

    /// By the name in the pool, for what is known of a volume's pool is its name.
    pub(crate) fn volume(self, volume: &VolumeRef) -> Self {
        self.with("--pool", &volume.pool).with("--vol", &volume.name)
    }

    /// Reads its document from the standard input: nobody else can see it there.
    pub(crate) fn stdin(self, option: &str) -> Self {
        self.with(option, "/dev/stdin")
    }

    /// With the options for these bits.
    ///
    /// # Errors
    /// `Unsupported` for a bit that virsh has no option for: to leave it out would be another command.
    pub(crate) fn flags(mut self, bits: u32, known: Flags) -> Result<Self> {
        let mut left = bits;
        for (bit, option) in known {
            if left & bit != 0 {
                left &= !bit;
                self = self.option(option);
            }
        }
        if left == 0 {
            return Ok(self);
        }
        Err(beyond(format!("virsh {} has no option for the flags {left:#x}", self.0[0])))
    }

    /// With the options for what is changed or looked at: 1 the running domain, 2 its definition, 0 whichever there is.
    pub(crate) fn impact(self, bits: u32, more: Flags) -> Result<Self> {
        let with = self.flags(bits & 3, &[(1, "--live"), (2, "--config")])?;
        let with = if bits & 3 == 0 { with.option("--current") } else { with };
        with.flags(bits & !3, more)
    }

    pub(crate) fn words(&self) -> &[String] {
        &self.0
    }
}

/// Several commands for one virsh, in the language of its own shell, which quotes as the POSIX shell does.
pub(crate) fn script(commands: &[Command]) -> String {
    let mut text = String::new();
    for command in commands {
        let separator = if text.is_empty() { "" } else { "; " };
        let [name, words @ ..] = command.words() else { continue };
        // Writing to a string does not fail.
        let _ = write!(text, "{separator}{name}");
        for word in words {
            let _ = write!(text, " {}", quote(word));
        }
    }
    text
}

/// As one word of a POSIX shell; virsh's own quotes alike.
pub(crate) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What virsh has no words for, and the protocol has.
pub(crate) fn beyond(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, Outcome::NotSent, text)
        .with_advice("libvirt's own protocol can do it: let sshd forward the daemon's socket, or install virt-ssh-helper or nc there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_is_an_option_or_an_error() {
        let command = || Command::new("undefine");
        let known: Flags = &[(1, "--managed-save"), (4, "--nvram")];
        let words = |bits| command().flags(bits, known).unwrap().0.join(" ");
        assert_eq!(words(0), "undefine");
        assert_eq!(words(5), "undefine --managed-save --nvram");
        let error = command().flags(1 | 64, known).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent));
        assert!(error.to_string().contains("undefine") && error.to_string().contains("0x40"), "{error}");
        assert_eq!(command().impact(0, known).unwrap().0[1], "--current");
        assert_eq!(command().impact(3 | 4, known).unwrap().0[1..], ["--live", "--config", "--nvram"]);
    }

    #[test]
    fn words_stay_words_in_virshs_own_shell() {
        let one = Command::new("vol-key").with("--vol", "it's; \"a\" \\ $x");
        assert_eq!(
            script(&[one, Command::new("hostname")]),
            r#"vol-key '--vol' 'it'\''s; "a" \ $x'; hostname"#
        );
    }
}
