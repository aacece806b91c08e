//! Domains.

pub(crate) use super::addresses::addresses;
pub(crate) use super::agent::agent_command;
pub(crate) use super::metadata::{metadata, set_metadata};
pub(crate) use super::stats::{info, state, stats};

use proxmox_core::Result;

use super::command::{Command, Flags, beyond};
use super::fields::{child, document, number, parsed};
use super::form::{Form, Read};
use super::lists::{among, by_name, by_uuid, domain_by, domains, domains_command};
use crate::rpc::{DomainRef, Uuid};
use crate::xml::Element;

const WHO: Flags = &[
    (4, "--persistent"),
    (8, "--transient"),
    (16, "--state-running"),
    (32, "--state-paused"),
    (64, "--state-shutoff"),
    (128, "--state-other"),
    (256, "--with-managed-save"),
    (512, "--without-managed-save"),
    (1024, "--autostart"),
    (2048, "--no-autostart"),
    (4096, "--with-snapshot"),
    (8192, "--without-snapshot"),
    (16384, "--with-checkpoint"),
    (32768, "--without-checkpoint"),
];

pub(crate) fn list((_, flags): (i32, u32)) -> Result<Form<Vec<DomainRef>>> {
    let command = match flags & 3 {
        1 => domains_command(),
        2 => domains_command().option("--inactive"),
        _ => domains_command().option("--all"),
    };
    Ok(Form::new(command.flags(flags & !3, WHO)?, domains))
}

pub(crate) fn lookup_by_uuid((uuid,): (Uuid,)) -> Result<Form<DomainRef>> {
    Ok(domain_by(move |all| by_uuid(all, uuid)))
}

pub(crate) fn lookup_by_name((name,): (String,)) -> Result<Form<DomainRef>> {
    Ok(domain_by(move |all| by_name(all, &name)))
}

/// The name in a document that the daemon has taken.
pub(super) fn named(document: &Element) -> Read<String> {
    child(document, "name")
}

pub(crate) fn define((xml, flags): (String, u32)) -> Result<Form<DomainRef>> {
    let command = Command::new("define").stdin("--file").flags(flags, &[(1, "--validate")])?;
    let sent = xml.clone();
    let form = Form::then(command, move |_| {
        let name = named(&parsed(&sent)?)?;
        Ok(domain_by(move |all| by_name(all, &name)))
    });
    Ok(form.document(xml))
}

pub(crate) fn start((domain, flags): (DomainRef, u32)) -> Result<Form<DomainRef>> {
    // To be destroyed with its connection (2) would be at once.
    let known = &[(1, "--paused"), (4, "--bypass-cache"), (8, "--force-boot"), (32, "--reset-nvram")];
    let command = Command::new("start").domain(&domain).flags(flags, known)?;
    Ok(Form::then(command, move |_| Ok(domain_by(move |all| by_uuid(all, domain.uuid)))))
}

/// How a guest is asked.
fn modes(command: Command, flags: u32) -> Result<Command> {
    let known = [(1, "acpi"), (2, "agent"), (4, "initctl"), (8, "signal"), (16, "paravirt")];
    let names: Vec<_> = known.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    if flags >> known.len() != 0 {
        return Err(beyond(format!("virsh knows no mode for the flags {flags:#x}")));
    }
    Ok(command.maybe("--mode", (!names.is_empty()).then(|| names.join(","))))
}

pub(crate) fn shutdown((domain, flags): (DomainRef, u32)) -> Result<Form<()>> {
    modes(Command::new("shutdown").domain(&domain), flags).map(Form::plain)
}

pub(crate) fn reboot((domain, flags): (DomainRef, u32)) -> Result<Form<()>> {
    modes(Command::new("reboot").domain(&domain), flags).map(Form::plain)
}

pub(crate) fn destroy((domain, flags): (DomainRef, u32)) -> Result<Form<()>> {
    Command::new("destroy").domain(&domain).flags(flags, &[(1, "--graceful")]).map(Form::plain)
}

pub(crate) fn reset((domain, _): (DomainRef, u32)) -> Result<Form<()>> {
    Ok(Form::plain(Command::new("reset").domain(&domain)))
}

pub(crate) fn suspend((domain,): (DomainRef,)) -> Result<Form<()>> {
    Ok(Form::plain(Command::new("suspend").domain(&domain)))
}

pub(crate) fn resume((domain,): (DomainRef,)) -> Result<Form<()>> {
    Ok(Form::plain(Command::new("resume").domain(&domain)))
}

pub(crate) fn undefine((domain, flags): (DomainRef, u32)) -> Result<Form<()>> {
    let known = &[
        (1, "--managed-save"),
        (2, "--snapshots-metadata"),
        (4, "--nvram"),
        (8, "--keep-nvram"),
        (16, "--checkpoints-metadata"),
        (32, "--tpm"),
        (64, "--keep-tpm"),
    ];
    Command::new("undefine").domain(&domain).flags(flags, known).map(Form::plain)
}

pub(crate) fn rename((domain, name, _): (DomainRef, Option<String>, u32)) -> Result<Form<u32>> {
    let command = Command::new("domrename").domain(&domain).with("--new-name", name.unwrap_or_default());
    Ok(Form::new(command, |_| Ok(0)))
}

pub(crate) fn autostart((domain,): (DomainRef,)) -> Result<Form<bool>> {
    among(Command::new("list").option("--all").option("--autostart"), &domain)
}

pub(crate) fn set_autostart((domain, on): (DomainRef, bool)) -> Result<Form<()>> {
    let command = Command::new("autostart").domain(&domain);
    Ok(Form::plain(if on { command } else { command.option("--disable") }))
}

pub(crate) fn has_managed_save((domain, _): (DomainRef, u32)) -> Result<Form<bool>> {
    among(Command::new("list").option("--all").option("--with-managed-save"), &domain)
}

pub(crate) fn xml((domain, flags): (DomainRef, u32)) -> Result<Form<String>> {
    let known = &[(1, "--security-info"), (2, "--inactive"), (4, "--update-cpu"), (8, "--migratable")];
    Ok(Form::new(Command::new("dumpxml").domain(&domain).flags(flags, known)?, document))
}

pub(crate) fn vcpus((domain, flags): (DomainRef, u32)) -> Result<Form<i32>> {
    let command = Command::new("vcpucount").domain(&domain);
    let command = command.impact(flags, &[(4, "--maximum"), (8, "--guest")])?;
    // Without it virsh would print a table.
    let command = if flags & 12 == 0 { command.option("--active") } else { command };
    Ok(Form::new(command, number))
}

pub(crate) fn set_vcpus((domain, count, flags): (DomainRef, u32, u32)) -> Result<Form<()>> {
    let command = Command::new("setvcpus").domain(&domain).with("--count", count);
    let known = &[(4, "--maximum"), (8, "--guest"), (16, "--hotpluggable")];
    command.impact(flags, known).map(Form::plain)
}

pub(crate) fn set_memory((domain, kib, flags): (DomainRef, u64, u32)) -> Result<Form<()>> {
    let name = if flags & 4 == 0 { "setmem" } else { "setmaxmem" };
    let command = Command::new(name).domain(&domain).with("--size", format_args!("{kib}KiB"));
    command.impact(flags & !4, &[]).map(Form::plain)
}

#[cfg(test)]
mod tests {
    use super::super::form::{Input, Unread};
    use super::*;

    const UUID: &str = "c8025a57-4793-4637-a4ea-11dd8234eb57";

    fn tiny() -> DomainRef {
        // Its name says what is not to be used.
        DomainRef { name: "15".to_owned(), uuid: UUID.parse().unwrap(), id: -1 }
    }

    #[test]
    fn commands() {
        let of = |form: Result<Form<()>>| form.unwrap().lines().join("; ");
        for (line, expected) in [
            (of(shutdown((tiny(), 0))), "shutdown --domain U"),
            (of(shutdown((tiny(), 3))), "shutdown --domain U --mode acpi,agent"),
            (of(reboot((tiny(), 2))), "reboot --domain U --mode agent"),
            (of(destroy((tiny(), 1))), "destroy --domain U --graceful"),
            (of(reset((tiny(), 0))), "reset --domain U"),
            (of(suspend((tiny(),))), "suspend --domain U"),
            (of(resume((tiny(),))), "resume --domain U"),
            (
                of(undefine((tiny(), 1 | 2 | 4))),
                "undefine --domain U --managed-save --snapshots-metadata --nvram",
            ),
            (of(set_autostart((tiny(), true))), "autostart --domain U"),
            (of(set_autostart((tiny(), false))), "autostart --domain U --disable"),
            (of(set_vcpus((tiny(), 4, 6))), "setvcpus --domain U --count 4 --config --maximum"),
            (of(set_memory((tiny(), 1024, 1))), "setmem --domain U --size 1024KiB --live"),
            (of(set_memory((tiny(), 1024, 6))), "setmaxmem --domain U --size 1024KiB --config"),
        ] {
            assert_eq!(line.replace(UUID, "U"), expected);
        }
        assert_eq!(list((1, 0)).unwrap().lines(), ["list --uuid --id --name --all"]);
        assert_eq!(list((1, 1 | 1024)).unwrap().lines(), ["list --uuid --id --name --autostart"]);
        assert_eq!(
            vcpus((tiny(), 0)).unwrap().lines()[0].replace(UUID, "U"),
            "vcpucount --domain U --current --active"
        );
        assert_eq!(
            vcpus((tiny(), 6)).unwrap().lines()[0].replace(UUID, "U"),
            "vcpucount --domain U --config --maximum"
        );
        assert_eq!(vcpus((tiny(), 0)).unwrap().answer("2\n\n").unwrap(), 2);
        for refused in
            [shutdown((tiny(), 32)), start((tiny(), 2)).map(|_| unreachable!()), undefine((tiny(), 1 << 20))]
        {
            assert!(refused.is_err());
        }
    }

    #[test]
    fn what_was_defined_is_looked_up_by_the_name_in_the_document() {
        let xml = "<domain type='qemu'><name>a &amp; 15</name></domain>";
        let form = define((xml.to_owned(), 1)).unwrap();
        assert_eq!(form.lines(), ["define --file /dev/stdin --validate"]);
        assert!(form.input == Input::Document(xml.to_owned()));
        let found =
            form.next("Domain 'a & 15' defined from /dev/stdin\n\n").answer(&format!("{UUID} - a & 15\n\n"));
        assert_eq!((found.as_ref().unwrap().uuid, found.as_ref().unwrap().id), (tiny().uuid, -1));
    }

    #[test]
    fn one_who_has_gone_after_its_start_is_told() {
        let form = start((tiny(), 1)).unwrap();
        assert_eq!(form.lines()[0].replace(UUID, "U"), "start --domain U --paused");
        let next = form.next("Domain '15' started\n\n");
        assert!(matches!(next.answer("\n"), Err(Unread::Refused(error)) if error.code == 42));
        let running = start((tiny(), 0)).unwrap().next("").answer(&format!("{UUID} 7 15\n\n")).unwrap();
        assert_eq!(running, DomainRef { id: 7, ..tiny() });
    }
}
