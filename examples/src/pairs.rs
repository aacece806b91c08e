//! `KEY=VALUE` arguments.

use std::path::Path;

use proxmox_core::{Error, ParamValue, Params, Result};

/// Reads `KEY=VALUE` arguments as parameters: a repeated `KEY` makes a list, `KEY=@FILE` reads the file, `KEY=@@x` is `@x`.
///
/// ```
/// let params = examples::pairs::params(&["command=ls".into(), "command=-l".into(), "name=web".into()])?;
/// assert_eq!(params.shown().map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>(), ["command ls", "command -l", "name web"]);
/// # Ok::<(), proxmox_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for an argument without `=`, an empty key, a file that is not readable text, and a password given twice.
/// Values are not repeated in them, for they may be secrets.
pub fn params(arguments: &[String]) -> Result<Params> {
    let mut params = Params::new();
    for argument in arguments {
        let Some((key, value)) = argument.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            // Without '=' there is no telling what it is: show no more than the first word of it.
            let start: String = argument.chars().take(20).collect();
            return Err(Error::invalid("KEY=VALUE", format!("{start:?} is not KEY=VALUE")));
        };
        let value = match value.strip_prefix('@') {
            Some(literal) if literal.starts_with('@') => literal.to_owned(),
            Some(file) => read(key, file)?,
            None => value.to_owned(),
        };
        if matches!(params.get(key), Some(ParamValue::Secret(_))) {
            return Err(Error::invalid(key, format!("{key}: a secret is given once")));
        }
        params.push(key, value);
    }
    Ok(params)
}

/// The text of a file.
///
/// # Errors
/// `InvalidInput` naming `what` it was for.
pub fn read(what: &str, file: &str) -> Result<String> {
    std::fs::read_to_string(file).map_err(|e| unreadable(what, file, e))
}

/// The bytes of a file.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(what: &str, file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|e| unreadable(what, &file.to_string_lossy(), e))
}

fn unreadable(what: &str, file: &str, e: std::io::Error) -> Error {
    Error::invalid(what, format!("{what}: the file {file:?} cannot be read: {e}")).with_source(e)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> Result<Params> {
        params(&arguments.iter().map(|&a| a.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn values_are_taken_as_they_are() {
        let params = given(&["net0=virtio,bridge=vmbr0", "empty=", "at=@@home"]).unwrap();
        let texts: Vec<_> = params.shown().collect();
        assert_eq!(
            texts,
            [("net0", "virtio,bridge=vmbr0".into()), ("empty", "".into()), ("at", "@home".into())]
        );
    }

    #[test]
    fn files_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "two\nlines\n").unwrap();
        let params = given(&[&format!("description=@{}", file.path().display())]).unwrap();
        assert_eq!(params.text("description").unwrap(), "two\nlines\n");
    }

    #[test]
    fn wrong_ones_are_named_and_secrets_are_not() {
        for bad in
            [&["nonsense"][..], &["=x"], &["key=@/does/not/exist"], &["cipassword=a1b2", "cipassword=c3d4"]]
        {
            let error = given(bad).unwrap_err();
            assert_eq!(error.kind(), proxmox_core::ErrorKind::InvalidInput);
            assert!(!format!("{error:?}").contains("a1b2"), "{error:?}");
        }
        assert!(given(&["key=@/does/not/exist"]).unwrap_err().to_string().contains("/does/not/exist"));
    }
}
