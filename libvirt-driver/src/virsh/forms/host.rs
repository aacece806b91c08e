//! The host.

use proxmox_core::Result;

use super::command::Command;
use super::fields::{Fields, document, number};
use super::form::{Form, Read, Unread};
use crate::rpc::{NodeInfo, Text32};

pub(crate) fn hostname((): ()) -> Result<Form<String>> {
    Ok(Form::new(Command::new("hostname"), |output| Ok(output.trim_end().to_owned())))
}

fn versions(field: &'static str) -> Form<u64> {
    Form::new(Command::new("version").option("--daemon"), move |output| {
        let text = Fields::of(output).text(field)?;
        // `QEMU 10.0.2`, `9.0.0`.
        version(text.rsplit(' ').next().unwrap_or(text))
    })
}

/// Major, minor and release as one number.
fn version(text: &str) -> Read<u64> {
    let parts = text.split('.').map(number).collect::<Read<Vec<u64>>>()?;
    match *parts {
        [major, minor, release] => Ok(major * 1_000_000 + minor * 1000 + release),
        _ => Err(Unread::Malformed(format!("{text:?} is no version"))),
    }
}

pub(crate) fn lib_version((): ()) -> Result<Form<u64>> {
    Ok(versions("Running against daemon"))
}

pub(crate) fn hypervisor_version((): ()) -> Result<Form<u64>> {
    Ok(versions("Running hypervisor"))
}

pub(crate) fn capabilities((): ()) -> Result<Form<String>> {
    Ok(Form::new(Command::new("capabilities"), document))
}

type Wanted = (Option<String>, Option<String>, Option<String>, Option<String>, u32);

pub(crate) fn domain_capabilities(
    (emulator, arch, machine, virt_type, flags): Wanted,
) -> Result<Form<String>> {
    let command = Command::new("domcapabilities").maybe("--emulatorbin", emulator).maybe("--arch", arch);
    let command = command.maybe("--machine", machine).maybe("--virttype", virt_type);
    Ok(Form::new(command.flags(flags, &[])?, document))
}

pub(crate) fn info((): ()) -> Result<Form<NodeInfo>> {
    Ok(Form::new(Command::new("nodeinfo"), |output| {
        let fields = Fields::of(output);
        Ok(NodeInfo {
            model: Text32(fields.text("CPU model")?.to_owned()),
            memory: fields.number("Memory size")?,
            cpus: fields.number("CPU(s)")?,
            // Where it is not known it is not printed.
            mhz: fields.maybe("CPU frequency").map_or(Ok(0), |_| fields.number("CPU frequency"))?,
            nodes: fields.number("NUMA cell(s)")?,
            sockets: fields.number("CPU socket(s)")?,
            cores: fields.number("Core(s) per socket")?,
            threads: fields.number("Thread(s) per core")?,
        })
    }))
}

/// Figures by their names, as the daemon calls them and as virsh does.
fn figures(command: &str, names: &'static [(&'static str, &'static str)]) -> Form<Vec<(String, u64)>> {
    Form::new(Command::new(command), |output| {
        let fields = Fields::of(output);
        let present = names.iter().filter(|(_, printed)| fields.maybe(printed).is_some());
        let all = present.map(|(name, printed)| Ok(((*name).to_owned(), fields.number(printed)?)));
        let all = all.collect::<Read<Vec<_>>>()?;
        if all.is_empty() { Err(Unread::Malformed("there are no figures".to_owned())) } else { Ok(all) }
    })
}

pub(crate) fn memory_stats(_: (i32, i32, u32)) -> Result<Form<Vec<(String, u64)>>> {
    let same = &[("total", "total"), ("free", "free"), ("buffers", "buffers"), ("cached", "cached")];
    Ok(figures("nodememstats", same))
}

pub(crate) fn cpu_stats(_: (i32, i32, u32)) -> Result<Form<Vec<(String, u64)>>> {
    let names = &[("kernel", "system"), ("user", "user"), ("idle", "idle"), ("iowait", "iowait")];
    Ok(figures("nodecpustats", names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        let printed = "Compiled against library: libvirt 9.0.0\nUsing library: libvirt 9.0.0\nUsing API: QEMU 9.0.0\nRunning hypervisor: QEMU 10.0.2\nRunning against daemon: 9.0.1\n\n";
        assert_eq!(lib_version(()).unwrap().answer(printed).unwrap(), 9_000_001);
        assert_eq!(hypervisor_version(()).unwrap().answer(printed).unwrap(), 10_000_002);
        assert!(lib_version(()).unwrap().answer("Running against daemon: soon\n").is_err());
    }

    #[test]
    fn processors_and_memory() {
        let printed = "CPU model:           x86_64\nCPU(s):              2\nCPU frequency:       2596 MHz\nCPU socket(s):       1\nCore(s) per socket:  2\nThread(s) per core:  1\nNUMA cell(s):        1\nMemory size:         5466324 KiB\n\n";
        let node = info(()).unwrap().answer(printed).unwrap();
        assert_eq!((&*node.model.0, node.cpus, node.mhz, node.cores), ("x86_64", 2, 2596, 2));
        assert_eq!(node.memory, 5_466_324);
        let printed = "user:                   292520000000\nsystem:                 169470000000\nidle:                  1200670000000\niowait:                   9450000000\n\n";
        let cpu = cpu_stats((-1, 4, 0)).unwrap().answer(printed).unwrap();
        assert_eq!(cpu[0], ("kernel".to_owned(), 169_470_000_000));
        assert_eq!(cpu.len(), 4);
        let memory = memory_stats((4, -1, 0)).unwrap();
        assert_eq!(
            memory.answer("total  :             24684092 KiB\n").unwrap(),
            [("total".to_owned(), 24_684_092)]
        );
        assert!(memory_stats((4, -1, 0)).unwrap().answer("\n").is_err());
    }
}
