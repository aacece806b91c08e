use std::fmt::Write as _;

use crate::{ExposeSecret, Result, Secret};

use super::UserData;
use super::check;
use super::yaml::quoted;

/// The part of a cloud-config that most guests need: users with their keys, packages, commands. For all else, write the text itself and
/// hand it to [`UserData::new`].
///
/// ```
/// use proxmox_core::seed::{CloudConfig, CloudUser};
/// let data = CloudConfig::new()
///     .user(CloudUser::new("ann").ssh_key("ssh-ed25519 AAAAC3Nza ann@desk").sudo())
///     .package("nginx")
///     .run(["systemctl", "enable", "nginx"])
///     .to_user_data()?;
/// assert!(data.expose().starts_with("#cloud-config\n"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CloudConfig {
    users: Vec<CloudUser>,
    without_default: bool,
    keys: Vec<String>,
    password: Option<Password>,
    packages: Vec<String>,
    commands: Vec<Vec<String>>,
}

/// A user of the guest.
#[derive(Debug, Clone)]
pub struct CloudUser {
    name: String,
    keys: Vec<String>,
    password: Option<Password>,
    sudo: bool,
}

#[derive(Debug, Clone)]
enum Password {
    Plain(Secret),
    Hash(Secret),
}

impl CloudConfig {
    /// Nothing but the image's own user.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this user as well.
    #[must_use]
    pub fn user(mut self, user: CloudUser) -> Self {
        self.users.push(user);
        self
    }

    /// Without the image's own user.
    #[must_use]
    pub fn without_default_user(mut self) -> Self {
        self.without_default = true;
        self
    }

    /// Lets the holder of this key in as the image's own user.
    #[must_use]
    pub fn ssh_key(mut self, key: &str) -> Self {
        self.keys.push(key.to_owned());
        self
    }

    /// With this password for the image's own user, at the console. It need not be changed at once.
    #[must_use]
    pub fn password(mut self, password: Secret) -> Self {
        self.password = Some(Password::Plain(password));
        self
    }

    /// With this package.
    #[must_use]
    pub fn package(mut self, package: &str) -> Self {
        self.packages.push(package.to_owned());
        self
    }

    /// Runs this program with these arguments at the first boot, without a shell between.
    #[must_use]
    pub fn run<S: Into<String>>(mut self, command: impl IntoIterator<Item = S>) -> Self {
        self.commands.push(command.into_iter().map(Into::into).collect());
        self
    }

    /// The text.
    ///
    /// # Errors
    /// `InvalidInput` for names that Linux does not take, keys and passwords that are not one line, commands without a program, and what is
    /// asked for the image's own user when the guest has none.
    pub fn to_user_data(&self) -> Result<UserData> {
        let mut text = String::from("#cloud-config\n");
        if self.without_default && (!self.keys.is_empty() || self.password.is_some()) {
            let why = "the image's own user gets a key or a password, and is not there";
            return Err(check::refused("users", "default", why));
        }
        if !self.users.is_empty() || self.without_default {
            text.push_str("users:");
            if self.users.is_empty() {
                text.push_str(" []");
            }
            text.push('\n');
            if !self.without_default {
                text.push_str("  - default\n");
            }
            for user in &self.users {
                user.write(&mut text)?;
            }
        }
        list(&mut text, "", "ssh_authorized_keys", &checked_keys(&self.keys)?);
        if let Some(Password::Plain(password) | Password::Hash(password)) = &self.password {
            let _ = writeln!(text, "password: {}\nchpasswd: {{expire: false}}", checked(password)?);
        }
        for package in &self.packages {
            check::line("package", package)?;
        }
        list(&mut text, "", "packages", &self.packages);
        if !self.commands.is_empty() {
            text.push_str("runcmd:\n");
        }
        for command in &self.commands {
            if command.first().is_none_or(String::is_empty) {
                return Err(check::refused("run", "", "it has no program"));
            }
            if let Some(argument) = command.iter().find(|argument| argument.contains('\0')) {
                return Err(check::refused("run", argument, "no argument can hold a zero"));
            }
            let arguments: Vec<_> = command.iter().map(|argument| quoted(argument)).collect();
            let _ = writeln!(text, "  - [{}]", arguments.join(", "));
        }
        UserData::new(text)
    }
}

impl CloudUser {
    /// A user of this name, who cannot get in yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), keys: Vec::new(), password: None, sudo: false }
    }

    /// Lets the holder of this key in.
    #[must_use]
    pub fn ssh_key(mut self, key: &str) -> Self {
        self.keys.push(key.to_owned());
        self
    }

    /// With this password. It is written into the seed as it is; a [hash](Self::password_hash) is better.
    #[must_use]
    pub fn password(mut self, password: Secret) -> Self {
        self.password = Some(Password::Plain(password));
        self
    }

    /// With the password of this hash, as `crypt` makes it: `$6$…`.
    #[must_use]
    pub fn password_hash(mut self, hash: Secret) -> Self {
        self.password = Some(Password::Hash(hash));
        self
    }

    /// May do everything, without being asked for a password.
    #[must_use]
    pub fn sudo(mut self) -> Self {
        self.sudo = true;
        self
    }

    fn write(&self, text: &mut String) -> Result<()> {
        let first = |b: u8| b.is_ascii_lowercase() || b == b'_';
        let plain = |b: u8| first(b) || b.is_ascii_digit() || b == b'-';
        let name = self.name.as_bytes();
        if !name.first().is_some_and(|b| first(*b)) || !name.iter().all(|b| plain(*b)) || name.len() > 32 {
            let why = "expected a lower-case letter or '_', then these, digits and '-', 32 in all";
            return Err(check::refused("user", &self.name, why));
        }
        // cloud-init takes this word for the image's own user.
        if self.name == "default" {
            return Err(check::refused("user", &self.name, "it stands for the image's own user"));
        }
        let _ = writeln!(text, "  - name: {}\n    shell: /bin/bash", quoted(&self.name));
        if self.sudo {
            text.push_str("    sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n");
        }
        match &self.password {
            Some(Password::Plain(password)) => {
                let _ =
                    writeln!(text, "    plain_text_passwd: {}\n    lock_passwd: false", checked(password)?);
            }
            Some(Password::Hash(hash)) => {
                if !hash.expose_secret().starts_with('$') {
                    return Err(check::refused("password_hash", "…", "it is not what crypt makes"));
                }
                let _ = writeln!(text, "    passwd: {}\n    lock_passwd: false", checked(hash)?);
            }
            None => text.push_str("    lock_passwd: true\n"),
        }
        list(text, "    ", "ssh_authorized_keys", &checked_keys(&self.keys)?);
        Ok(())
    }
}

fn list(text: &mut String, indent: &str, name: &str, values: &[String]) {
    if !values.is_empty() {
        let _ = writeln!(text, "{indent}{name}:");
    }
    for value in values {
        let _ = writeln!(text, "{indent}  - {}", quoted(value));
    }
}

fn checked_keys(keys: &[String]) -> Result<Vec<String>> {
    let checked = |key: &String| {
        check::line("ssh_key", key)?;
        // A private key in its place would be handed to everyone who sees the seed.
        let words = key.split_whitespace().count();
        if words < 2 || key.contains("PRIVATE KEY") {
            return Err(check::refused("ssh_key", "…", "it is not the line of a public key"));
        }
        Ok(key.trim().to_owned())
    };
    keys.iter().map(checked).collect()
}

/// A password between quotes. What is wrong with it is said without it.
fn checked(password: &Secret) -> Result<String> {
    let text = password.expose_secret();
    if text.is_empty() || text.contains(char::is_control) {
        return Err(check::refused("password", "…", "it is empty or not one line"));
    }
    Ok(quoted(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_configuration() {
        let ann = CloudUser::new("ann").ssh_key("ssh-ed25519 AAAA ann@desk ").sudo();
        let bob = CloudUser::new("bob").password("p: \"#\\☃".into());
        let eve = CloudUser::new("eve").password_hash("$6$x$y".into());
        let config =
            CloudConfig::new().user(ann).user(bob).user(eve).ssh_key("ssh-rsa AAAB x").password("yes".into());
        let config = config.package("nginx").run(["sh", "-c", "echo \"a b\" > /x\n: $y"]);
        let data = config.to_user_data().unwrap();
        assert_eq!(
            data.expose(),
            r##"#cloud-config
users:
  - default
  - name: "ann"
    shell: /bin/bash
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    lock_passwd: true
    ssh_authorized_keys:
      - "ssh-ed25519 AAAA ann@desk"
  - name: "bob"
    shell: /bin/bash
    plain_text_passwd: "p: \"#\\☃"
    lock_passwd: false
  - name: "eve"
    shell: /bin/bash
    passwd: "$6$x$y"
    lock_passwd: false
ssh_authorized_keys:
  - "ssh-rsa AAAB x"
password: "yes"
chpasswd: {expire: false}
packages:
  - "nginx"
runcmd:
  - ["sh", "-c", "echo \"a b\" > /x\n: $y"]
"##
        );
        let shown = format!("{config:?}{data:?}");
        assert!(!shown.contains("p: ") && !shown.contains("$6$"), "{shown}");
        assert_eq!(CloudConfig::new().to_user_data().unwrap().expose(), "#cloud-config\n");
        let nobody = CloudConfig::new().without_default_user().to_user_data().unwrap();
        assert_eq!(nobody.expose(), "#cloud-config\nusers: []\n");
    }

    #[test]
    fn what_is_refused() {
        let user = |user| CloudConfig::new().user(user);
        for (field, config) in [
            ("user", user(CloudUser::new("Ann"))),
            ("user", user(CloudUser::new(""))),
            ("user", user(CloudUser::new("default"))),
            ("ssh_key", user(CloudUser::new("ann").ssh_key("a b\nc d"))),
            ("ssh_key", CloudConfig::new().ssh_key("-----BEGIN OPENSSH PRIVATE KEY-----")),
            ("password", user(CloudUser::new("ann").password("hunter2\n".into()))),
            ("password_hash", user(CloudUser::new("ann").password_hash("hunter2".into()))),
            ("users", CloudConfig::new().without_default_user().password("hunter2".into())),
            ("package", CloudConfig::new().package("")),
            ("run", CloudConfig::new().run(Vec::<String>::new())),
            ("run", CloudConfig::new().run(["a", "\0"])),
        ] {
            let error = config.to_user_data().unwrap_err();
            assert!(error.errors().contains_key(field), "{field}: {error}");
            assert!(!format!("{error:?}{config:?}").contains("hunter2"), "{error:?}");
        }
    }
}
