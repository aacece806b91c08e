//! `virt create`

use examples::pairs;
use libvirt_driver::seed::UserData;
use libvirt_driver::xml::{DomainXml, NicXml, VirtType};
use libvirt_driver::{Checksum, Driver, Image, NewDomain};
use proxmox_core::{Error, Result};

use crate::args::{Connection, Create};
use crate::session::Session;

/// What is to be made.
pub(crate) fn of(create: &Create, connection: &Connection) -> Result<NewDomain> {
    let virt_type = match (&create.virt_type, connection.uri()?.driver()) {
        (Some(word), _) => VirtType::from(word.as_str()),
        (None, Driver::Test) => VirtType::Test,
        (None, _) => VirtType::Kvm,
    };
    let mut machine = DomainXml::new(&create.name, create.memory, create.vcpus).virt_type(virt_type);
    if let Some(title) = &create.title {
        machine = machine.title(title);
    }
    if let Some(most) = create.max_vcpus {
        machine = machine.max_vcpus(most);
    }
    machine = match (&create.network, &create.bridge) {
        _ if create.no_network => machine,
        (_, Some(bridge)) => machine.nic(NicXml::bridge(bridge)),
        (network, None) => machine.nic(NicXml::network(network.as_deref().unwrap_or("default"))),
    };
    let mut new = NewDomain::new(machine).pool(&create.pool).tags(&create.tag)?;
    if let Some(text) = &create.image {
        // At least that of the image, in any case.
        new = new.disk(image(text, create.checksum.clone())?, create.disk.unwrap_or_default());
    }
    match &create.user_data {
        Some(file) => {
            let text = pairs::read("user-data", &file.to_string_lossy())?;
            new = new.user_data(UserData::new(text)?);
        }
        // Without any seed cloud-init looks for one on the network for minutes.
        None if create.image.is_some() => new = new.user_data(UserData::new("#cloud-config\n")?),
        None => {}
    }
    if create.overlay {
        new = new.overlay();
    }
    if create.autostart {
        new = new.autostart();
    }
    Ok(if create.stopped { new.stopped() } else { new })
}

/// An address, a file that is named by its path, or a volume.
fn image(text: &str, checksum: Option<Checksum>) -> Result<Image> {
    let is_url = text.starts_with("http://") || text.starts_with("https://");
    let is_file = ["/", "./", "../"].iter().any(|start| text.starts_with(start));
    if is_url || is_file {
        let Some(checksum) = checksum else {
            let error = Error::invalid("checksum", format!("the image {text} has no checksum"));
            return Err(error.with_advice(match is_url {
                true => "give the one that is published beside it: --checksum sha256:…, or sha512:…",
                false => "give it with --checksum sha256:…; sha256sum tells it",
            }));
        };
        return Ok(if is_url { Image::url(text, checksum) } else { Image::file(text, checksum) });
    }
    match text.split_once('/') {
        Some((pool, volume)) if !pool.is_empty() && !volume.is_empty() => {
            let image = Image::volume(pool, volume);
            Ok(checksum.into_iter().fold(image, Image::checksum))
        }
        _ => {
            let text = format!("the image {text:?} is no address, no volume and no file");
            Err(Error::invalid("image", text)
                .with_advice("a volume is POOL/VOLUME; a file begins with / or ./"))
        }
    }
}

pub(crate) async fn run(session: &Session, new: &NewDomain) -> Result<()> {
    let domain = session.waiting("creating", session.host.create(new)).await?;
    let state = domain.state().await?;
    let more = serde_json::json!({"state": state.to_string()});
    session.done_with(&domain, &format!("created, {state}"), &more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_by_their_form() {
        let sum: Checksum = format!("sha256:{}", "0a".repeat(32)).parse().unwrap();
        let of = |text: &str| image(text, Some(sum.clone()));
        assert_eq!(of("https://x/i.qcow2").unwrap(), Image::url("https://x/i.qcow2", sum.clone()));
        assert_eq!(of("./i.qcow2").unwrap(), Image::file("./i.qcow2", sum.clone()));
        assert_eq!(image("a/b.qcow2", None).unwrap(), Image::volume("a", "b.qcow2"));
        assert_eq!(of("a/b").unwrap(), Image::volume("a", "b").checksum(sum.clone()));
        for bad in ["https://x/i", "/i", "./i", "i", "a/", ""] {
            let error = image(bad, None).unwrap_err();
            assert!(error.advice().is_some(), "{bad}");
        }
    }
}
