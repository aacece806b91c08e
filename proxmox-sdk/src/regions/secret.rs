//! The secret of a token, from where its region says that it is.
#![cfg_attr(not(feature = "fleet"), allow(dead_code))]

use proxmox_core::backend::{PveRegion, SecretSource};
use proxmox_core::{Error, Result, Secret};

/// The secret; `variable` reads the environment.
///
/// # Errors
/// `InvalidInput` that tells where it was looked for. What was found there is never repeated.
pub(super) fn of_token(region: &PveRegion, variable: impl Fn(&str) -> Option<String>) -> Result<Secret> {
    let token = &region.token_id;
    let missing = |field: &str, why: String, advice: String| {
        Err(Error::invalid(field, format!("the secret of the token {token} is missing: {why}"))
            .with_advice(advice))
    };
    match &region.token_secret {
        SecretSource::Value(secret) => Ok(secret.clone()),
        SecretSource::Env(name) => match variable(name).filter(|value| !value.is_empty()) {
            Some(value) => Ok(value.into()),
            None => missing(
                "token_secret_env",
                format!("the environment has no {name}"),
                format!("set {name} to it, or name another place: token_secret_env, token_secret_file"),
            ),
        },
        SecretSource::File(path) => {
            let advice = "write it there, and let only those read it who may use it".to_owned();
            match std::fs::read_to_string(path) {
                Ok(text) if !text.trim_end().is_empty() => Ok(text.trim_end().to_owned().into()),
                Ok(_) => {
                    missing("token_secret_file", format!("the file {} is empty", path.display()), advice)
                }
                Err(e) => {
                    let why = format!("the file {} cannot be read: {e}", path.display());
                    missing("token_secret_file", why, advice)
                }
            }
        }
        _ => missing("token_secret", "it is in a place of a kind that is not known here".to_owned(), {
            "name token_secret_env or token_secret_file".to_owned()
        }),
    }
}

#[cfg(test)]
mod tests {
    use proxmox_core::ExposeSecret as _;
    use proxmox_core::backend::{Region, Regions};

    use super::*;

    fn region(secret: &str) -> PveRegion {
        let json = format!(
            r#"[{{"region_name": "eu", "backend_type": "proxmox", "url": "pve1", "token_id": "ci@pve!sdk", "storage": "local",
                 {secret}}}]"#
        );
        match serde_json::from_str::<Regions>(&json).unwrap().get("eu").unwrap() {
            Region::Proxmox(region) => region.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn read(secret: &str) -> Result<String, String> {
        let variable = |name: &str| match name {
            "EU_TOKEN" => Some("of-env".to_owned()),
            "NOTHING" => Some(String::new()),
            _ => None,
        };
        of_token(&region(secret), variable)
            .map(|secret| secret.expose_secret().to_owned())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn each_place() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(read(r#""token_secret": "here""#).unwrap(), "here");
        assert_eq!(read(r#""token_secret_env": "EU_TOKEN""#).unwrap(), "of-env");
        let file = read(&format!(r#""token_secret_file": "{manifest}""#)).unwrap();
        assert!(file.starts_with("[package]") && !file.ends_with('\n'));
    }

    #[test]
    fn what_is_not_there_is_said() {
        for (secret, text) in [
            (r#""token_secret_env": "XX""#, "ci@pve!sdk is missing: the environment has no XX"),
            (r#""token_secret_env": "NOTHING""#, "the environment has no NOTHING"),
            (r#""token_secret_file": "/does/not/exist""#, "the file /does/not/exist cannot be read"),
            (r#""token_secret_file": "/dev/null""#, "the file /dev/null is empty"),
        ] {
            let error = read(secret).unwrap_err();
            assert!(error.contains(text), "{secret}: {error}");
        }
    }
}
