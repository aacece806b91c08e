use std::fmt;

use crate::{Error, ExposeSecret, Result, Secret};

use super::yaml::{self, Shape};

/// What a guest is told to do at its first boot: a configuration, a script, or another form that cloud-init knows by its first line.
///
/// It may hold passwords and is not shown by `Debug`.
///
/// ```
/// use proxmox_core::seed::UserData;
/// UserData::new("#cloud-config\npackages: [nginx]\n")?;
/// UserData::new("#!/bin/sh\ntouch /done\n")?;
/// let error = UserData::new("#cloud-config\npackages: [nginx\n").unwrap_err();
/// assert!(error.to_string().contains("line 3"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Clone)]
pub struct UserData(Secret);

/// First lines that cloud-init knows, beside `#cloud-config` and those of other YAML.
const KNOWN: [&str; 6] =
    ["#!", "#include", "#cloud-boothook", "#part-handler", "Content-Type: multipart/", "MIME-Version:"];

impl UserData {
    /// Takes this text.
    ///
    /// # Errors
    /// `InvalidInput` when cloud-init would pass over it or misread it: an unknown first line, a configuration that is not YAML or not
    /// names with values. Templates are only looked at by their first lines. The complaint names the line, never what stands there.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        check("user_data", &text)?;
        Ok(Self(text.into()))
    }

    /// The text; each use is a place to look at.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserData(<{} bytes>)", self.expose().len())
    }
}

fn check(field: &str, text: &str) -> Result<()> {
    let first = text.lines().next().unwrap_or_default();
    if first.replace(' ', "") == "##template:jinja" {
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        return match Form::of(rest) {
            Some(_) => Ok(()),
            None => Err(refused(field, "cloud-init does not know the line after that of the template")),
        };
    }
    let shape = || yaml::shape(text).map_err(|why| refused(field, &why));
    match Form::of(text) {
        Some(Form::Config) => match shape()? {
            Shape::Mapping(_) | Shape::Empty => Ok(()),
            Shape::Sequence | Shape::Scalar => Err(refused(field, "it is YAML, but not names with values")),
        },
        Some(Form::Archive) => match shape()? {
            Shape::Sequence => Ok(()),
            _ => Err(refused(field, "it is YAML, but not a list")),
        },
        Some(Form::Other) => Ok(()),
        None => {
            let advice = "begin it with #cloud-config, #! or another line that cloud-init knows";
            Err(refused(field, "cloud-init does not know its first line").with_advice(advice))
        }
    }
}

/// What a first line says about the rest.
enum Form {
    Config,
    Archive,
    Other,
}

impl Form {
    fn of(text: &str) -> Option<Self> {
        let mut words = text.lines().next().unwrap_or_default().split_whitespace();
        match words.next() {
            // Blanks before it would hide it.
            Some("#cloud-config") if text.starts_with('#') => Some(Self::Config),
            Some("#cloud-config-archive") if text.starts_with('#') => Some(Self::Archive),
            _ => KNOWN.iter().any(|known| text.starts_with(known)).then_some(Self::Other),
        }
    }
}

pub(super) fn refused(field: &str, why: &str) -> Error {
    Error::invalid(field, format!("{field}: {why}"))
}

/// Checks a network configuration: the configuration itself, or all of it below `network`.
pub(super) fn check_network(text: &str) -> Result<()> {
    let field = "network_config";
    match yaml::shape(text).map_err(|why| refused(field, &why))? {
        Shape::Mapping(names) if names.iter().any(|name| name == "version" || name == "network") => Ok(()),
        _ => Err(refused(field, "it is YAML, but has neither a version nor a network")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        for good in [
            "#cloud-config",
            "#cloud-config\n",
            "#cloud-config \r\na: 1\r\n",
            "#cloud-config\n# comment\nusers: [{name: a}]\n",
            "#!/bin/sh\n: not YAML [",
            "#include\nhttps://example.org/\n",
            "#include-once\nhttps://example.org/\n",
            "#cloud-config-archive\n- {content: x}\n",
            "## template: jinja\n#cloud-config\n{% if x %}\na: 1\n{% endif %}\n",
            "Content-Type: multipart/mixed; boundary=\"x\"\n\n",
        ] {
            UserData::new(good).unwrap();
        }
        for (bad, why) in [
            ("", "first line"),
            ("users: []\n", "first line"),
            (" #cloud-config\n", "first line"),
            ("#cloud-configs\na: 1", "first line"),
            ("\u{feff}#cloud-config\n", "first line"),
            ("## template: jinja\nusers: []\n", "template"),
            ("#cloud-config\n- a\n", "names with values"),
            ("#cloud-config\ntext\n", "names with values"),
            ("#cloud-config\na: 1\n b: 2\n", "line 3"),
            ("#cloud-config\na: \u{7}\n", "line 2"),
            ("#cloud-config-archive\na: 1\n", "not a list"),
            ("<html>404</html>", "first line"),
        ] {
            let error = UserData::new(bad).unwrap_err();
            assert!(error.errors().contains_key("user_data"), "{error}");
            assert!(error.to_string().contains(why), "{bad:?}: {error}");
        }
    }

    #[test]
    fn secrets_stay_inside() {
        let data = UserData::new("#cloud-config\npassword: hunter2\n").unwrap();
        assert_eq!(format!("{data:?}"), "UserData(<32 bytes>)");
        assert!(data.expose().contains("hunter2"));
        for bad in
            ["#cloud-config\npassword: hunter2: x\n", "#cloud-config\nhunter2: 1\nhunter2: 2\n", "hunter2"]
        {
            let error = UserData::new(bad).unwrap_err();
            assert!(!format!("{error} {error:?} {:?}", error.advice()).contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn networks() {
        check_network("version: 2\nethernets: {}\n").unwrap();
        check_network("network: {version: 1}\n").unwrap();
        for bad in ["", "ethernets: {}\n", "- version\n", "version: [\n"] {
            assert!(check_network(bad).unwrap_err().to_string().starts_with("network_config"), "{bad}");
        }
    }
}
