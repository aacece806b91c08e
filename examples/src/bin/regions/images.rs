//! What instances are made of: each region may have its own.

use std::convert::Infallible;
use std::str::FromStr;

use proxmox_core::backend::{Image, Region, RegionKind};
use proxmox_core::{Error, Result};

use crate::args::Cli;
use crate::list::Chosen;
use crate::place::Place;

/// The template of the simulated cluster.
const SIMULATED: &str = "template:debian-12-cloud";

/// An image, for one region or for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageOf {
    region: Option<String>,
    image: String,
}

impl FromStr for ImageOf {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        // An address may have a '=' as well, and no region's name has what comes before it.
        let is_name =
            |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        Ok(match text.split_once('=').filter(|(name, _)| is_name(name)) {
            Some((name, image)) => Self { region: Some(name.to_owned()), image: image.to_owned() },
            None => Self { region: None, image: text.to_owned() },
        })
    }
}

/// What can be seen to be wrong before any region is asked.
pub(crate) fn check(cli: &Cli, chosen: &Chosen) -> Result<()> {
    let names = chosen.names();
    for named in cli.image.iter().filter_map(|given| given.region.as_ref()) {
        if !names.contains(named) {
            let text = format!("an image is for region {named}, and that is none of {}", names.join(", "));
            return Err(Error::invalid("image", text));
        }
    }
    for name in &names {
        image_for(cli, chosen, name)?;
    }
    Ok(())
}

/// The image of each region, where it has one. One that has failed already needs none.
pub(crate) fn of_each(cli: &Cli, chosen: &Chosen, places: &[Place]) -> Result<Vec<Option<Image>>> {
    places
        .iter()
        .map(|place| if place.failed() { Ok(None) } else { image_for(cli, chosen, &place.name) })
        .collect()
}

fn image_for(cli: &Cli, chosen: &Chosen, name: &str) -> Result<Option<Image>> {
    let region = chosen.regions.get(name)?;
    let own = cli.image.iter().rev().find(|given| given.region.as_deref() == Some(name));
    let given = own.or_else(|| cli.image.iter().rev().find(|given| given.region.is_none()));
    let text = match given {
        Some(given) => given.image.as_str(),
        None if chosen.is_simulated(region) => SIMULATED,
        None => return Ok(None),
    };
    image(text, cli.checksum.as_deref(), region).map(Some)
}

fn image(text: &str, checksum: Option<&str>, region: &Region) -> Result<Image> {
    if text.starts_with("http://") || text.starts_with("https://") {
        let Some(checksum) = checksum else {
            let text = format!("the image {text} has no checksum: nobody can tell it from an error page");
            return Err(Error::invalid("checksum", text).with_advice("give it with --checksum sha256:…"));
        };
        return Ok(Image::Url { url: text.to_owned(), checksum: checksum.to_owned() });
    }
    match text.strip_prefix("template:") {
        Some(_) if region.kind() == RegionKind::Libvirt => {
            let text = format!("region {} is a libvirt host, and has no templates", region.name());
            Err(Error::invalid("image", text)
                .with_advice("name a volume, pool/volume, or an address with --checksum"))
        }
        Some(name) => Ok(Image::Template(name.to_owned())),
        None => Ok(Image::Volume(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_image() {
        let of = |text: &str| {
            let ImageOf { region, image } = text.parse().unwrap();
            (region.unwrap_or_default(), image)
        };
        let pair = |region: &str, image: &str| (region.to_owned(), image.to_owned());
        assert_eq!(of("lab=default/x.qcow2"), pair("lab", "default/x.qcow2"));
        assert_eq!(of("https://x/a?b=c"), pair("", "https://x/a?b=c"));
        assert_eq!(of("lab=https://x/a?b=c"), pair("lab", "https://x/a?b=c"));
        assert_eq!(of("template:debian"), pair("", "template:debian"));
    }
}
