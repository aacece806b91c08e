//! Devices of domains.

use proxmox_core::Result;

use super::command::{Command, Flags};
use super::fields::Fields;
use super::form::Form;
use crate::rpc::{BlockInfo, DomainRef};

fn changed(name: &str, (domain, xml, flags): (DomainRef, String, u32), known: Flags) -> Result<Form<()>> {
    let command = Command::new(name).domain(&domain).stdin("--file").impact(flags, known)?;
    Ok(Form::plain(command).document(xml))
}

pub(crate) fn attach(arguments: (DomainRef, String, u32)) -> Result<Form<()>> {
    changed("attach-device", arguments, &[])
}

pub(crate) fn detach(arguments: (DomainRef, String, u32)) -> Result<Form<()>> {
    changed("detach-device", arguments, &[])
}

pub(crate) fn update(arguments: (DomainRef, String, u32)) -> Result<Form<()>> {
    changed("update-device", arguments, &[(4, "--force")])
}

pub(crate) fn resize_disk((domain, disk, size, flags): (DomainRef, String, u64, u32)) -> Result<Form<()>> {
    let unit = if flags & 1 == 0 { "KiB" } else { "B" };
    let command = Command::new("blockresize").domain(&domain).with("--path", disk);
    command.with("--size", format_args!("{size}{unit}")).flags(flags & !1, &[]).map(Form::plain)
}

pub(crate) fn block_info((domain, disk, flags): (DomainRef, String, u32)) -> Result<Form<BlockInfo>> {
    let command = Command::new("domblkinfo").domain(&domain).with("--device", disk).flags(flags, &[])?;
    Ok(Form::new(command, |output| {
        let fields = Fields::of(output);
        Ok(BlockInfo {
            allocation: fields.number("Allocation")?,
            capacity: fields.number("Capacity")?,
            physical: fields.number("Physical")?,
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::super::form::Input;
    use super::*;

    #[test]
    fn commands() {
        let uuid = "c8025a57-4793-4637-a4ea-11dd8234eb57".parse().unwrap();
        let tiny = || DomainRef { name: "tiny".to_owned(), uuid, id: 1 };
        let end = |form: &Form<()>| form.lines()[0].split_once("eb57 ").unwrap().1.to_owned();
        let attached = attach((tiny(), "<disk/>".to_owned(), 3)).unwrap();
        assert_eq!(end(&attached), "--file /dev/stdin --live --config");
        assert!(attached.input == Input::Document("<disk/>".to_owned()));
        assert!(attach((tiny(), String::new(), 4)).is_err() && update((tiny(), String::new(), 4)).is_ok());
        assert_eq!(end(&detach((tiny(), String::new(), 0)).unwrap()), "--file /dev/stdin --current");
        assert_eq!(end(&resize_disk((tiny(), "vda".to_owned(), 7, 1)).unwrap()), "--path vda --size 7B");
        assert_eq!(end(&resize_disk((tiny(), "vda".to_owned(), 7, 0)).unwrap()), "--path vda --size 7KiB");
        let printed = "Capacity:       67108864\nAllocation:     200704\nPhysical:       196616\n\n";
        let info = block_info((tiny(), "vda".to_owned(), 0)).unwrap().answer(printed).unwrap();
        assert_eq!((info.capacity, info.allocation, info.physical), (67_108_864, 200_704, 196_616));
    }
}
