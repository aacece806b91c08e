//! State and statistics: `domstats` prints numbers as the daemon has them.

use std::collections::HashMap;

use proxmox_core::Result;

use super::command::{Command, Flags};
use super::fields::{next_part, number};
use super::form::{Form, Read, Step, Unread};
use super::lists::{domains, domains_command};
use crate::rpc::{DomainInfo, DomainRef, DomainState, DomainStats, TypedValue};

const GROUPS: Flags = &[
    (1, "--state"),
    (2, "--cpu-total"),
    (4, "--balloon"),
    (8, "--vcpu"),
    (16, "--interface"),
    (32, "--block"),
    (64, "--perf"),
    (128, "--iothread"),
    (256, "--memory"),
    (512, "--dirtyrate"),
    (1024, "--vm"),
];

const WHO: Flags = &[
    (1, "--list-active"),
    (2, "--list-inactive"),
    (4, "--list-persistent"),
    (8, "--list-transient"),
    (16, "--list-running"),
    (32, "--list-paused"),
    (64, "--list-shutoff"),
    (128, "--list-other"),
    (1 << 29, "--nowait"),
    (1 << 30, "--backing"),
    (1 << 31, "--enforce"),
];

/// libvirt's number of the state of a domain that is off.
const OFF: u8 = 5;

/// So many domains are named on a command line; of more all are asked for.
const NAMED: usize = 500;

pub(crate) fn stats((wanted, groups, flags): (Vec<DomainRef>, u32, u32)) -> Result<Form<Vec<DomainStats>>> {
    let command = Command::new("domstats").option("--raw").flags(groups, GROUPS)?.flags(flags, WHO)?;
    let list = domains_command().option("--all");
    if wanted.is_empty() {
        return Ok(Form::several(vec![list, command], |output| {
            let (all, output) = next_part(output).ok_or_else(no_list)?;
            with_domains(blocks(output), &domains(all)?)
        }));
    }
    // Those that have gone have no statistics, which is no error.
    Ok(Form::steps(vec![list], move |output| {
        let mut all = domains(output)?;
        all.retain(|domain| wanted.iter().any(|one| one.uuid == domain.uuid));
        if all.is_empty() {
            return Ok(Step::Done(Vec::new()));
        }
        let few = if all.len() <= NAMED { all.as_slice() } else { &[] };
        let command = few.iter().fold(command, |command, domain| command.option(&domain.uuid.to_string()));
        Ok(Step::Then(Form::new(command, move |output| with_domains(blocks(output), &all))))
    }))
}

fn no_list() -> Unread {
    Unread::Malformed("there is no list of domains".to_owned())
}

type Block<'a> = (&'a str, Vec<(&'a str, String)>);

/// `Domain: 'name'`, and the names and values of each.
fn blocks(output: &str) -> Vec<Block<'_>> {
    let mut all: Vec<Block<'_>> = Vec::new();
    for line in output.lines() {
        let name = line.strip_prefix("Domain: '").and_then(|rest| rest.strip_suffix('\''));
        let pair = line.strip_prefix("  ").and_then(|rest| rest.split_once('='));
        match (name, pair, all.last_mut()) {
            (Some(name), ..) => all.push((name, Vec::new())),
            (None, Some((name, value)), Some((_, values))) => values.push((name, value.to_owned())),
            // The path of a disk may have a line break in it.
            (None, None, Some((_, values))) if !line.is_empty() => {
                if let Some((_, value)) = values.last_mut() {
                    value.push('\n');
                    value.push_str(line);
                }
            }
            _ => {}
        }
    }
    all
}

fn with_domains(blocks: Vec<Block<'_>>, all: &[DomainRef]) -> Read<Vec<DomainStats>> {
    let known: HashMap<&str, &DomainRef> = all.iter().map(|domain| (domain.name.as_str(), domain)).collect();
    let of = |(name, values): Block<'_>| {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), typed(name, value))).collect();
        // One that has come since has not been asked for.
        known.get(name).map(|domain| DomainStats { domain: (*domain).clone(), values })
    };
    Ok(blocks.into_iter().filter_map(of).collect())
}

/// virsh does not say of what type a value is: all whole numbers are the widest.
fn typed(name: &str, value: String) -> TypedValue {
    if matches!(name.rsplit('.').next(), Some("name" | "path" | "alias")) {
        return TypedValue::String(value);
    }
    let whole = value.parse().map(TypedValue::ULong).or_else(|_| value.parse().map(TypedValue::Long));
    match (whole, &*value) {
        (Ok(whole), _) => whole,
        (Err(_), "yes") => TypedValue::Boolean(true),
        (Err(_), "no") => TypedValue::Boolean(false),
        (Err(_), _) => {
            let fraction = value.contains('.').then(|| value.parse().ok()).flatten();
            fraction.map_or(TypedValue::String(value), TypedValue::Double)
        }
    }
}

/// The statistics of one domain.
fn of_one<T>(
    domain: &DomainRef,
    groups: u32,
    read: impl FnOnce(&HashMap<&str, String>) -> Read<T> + Send + Sync + 'static,
) -> Result<Form<T>> {
    let command = Command::new("domstats").option("--raw").flags(groups, GROUPS)?;
    Ok(Form::new(command.option(&domain.uuid.to_string()), |output| {
        let one = blocks(output).into_iter().next();
        read(&one.map(|(_, values)| values.into_iter().collect()).unwrap_or_default())
    }))
}

fn figure<N: std::str::FromStr>(values: &HashMap<&str, String>, name: &str) -> Read<N> {
    number(values.get(name).ok_or_else(|| Unread::Malformed(format!("there is no {name}")))?)
}

pub(crate) fn state((domain, _): (DomainRef, u32)) -> Result<Form<DomainState>> {
    of_one(&domain, 1, |values| {
        Ok(DomainState { state: figure(values, "state.state")?, reason: figure(values, "state.reason")? })
    })
}

pub(crate) fn info((domain,): (DomainRef,)) -> Result<Form<DomainInfo>> {
    of_one(&domain, 1 | 2 | 4 | 8, |values| {
        let state = figure(values, "state.state")?;
        // What does not run uses nothing, and the last figure may still be there.
        let runs = state != OFF && values.contains_key("cpu.time");
        let cpu_time = if runs { figure(values, "cpu.time")? } else { 0 };
        Ok(DomainInfo {
            state,
            max_memory: figure(values, "balloon.maximum")?,
            memory: figure(values, "balloon.current")?,
            vcpus: figure(values, "vcpu.current")?,
            cpu_time,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        "308d87df-e84c-4693-8b2f-ec502102917b 1 one\ne525e9d6-0893-42d7-a81f-500e8932c9f3 - Domain: 'x'\n\n";
    const STATS: &str = "Domain: 'one'\n  state.state=1\n  state.reason=1\n  cpu.time=3920000000\n  balloon.current=65536\n  balloon.maximum=131072\n  \
                         vcpu.current=2\n  block.0.name=7\n  block.0.path=/a\nb=c\n  cpu.haltpoll=no\n  perf=-1\n\nDomain: 'Domain: 'x''\n  state.state=5\n  state.reason=0\n\nDomain: 'new'\n  state.state=5\n\n";

    fn one() -> DomainRef {
        domains(LIST).unwrap().remove(0)
    }

    #[test]
    fn of_all() {
        let form = stats((Vec::new(), 5, 1 << 29)).unwrap();
        assert_eq!(
            form.lines(),
            ["list --uuid --id --name --all", "domstats --raw --state --balloon --nowait"]
        );
        let all = form.answer(&format!("{LIST}{STATS}")).unwrap();
        assert_eq!(all.iter().map(|stats| &*stats.domain.name).collect::<Vec<_>>(), ["one", "Domain: 'x'"]);
        let value = |name: &str| all[0].values.iter().find(|(known, _)| known == name).unwrap().1.clone();
        let text = |text: &str| TypedValue::String(text.to_owned());
        assert_eq!(value("cpu.time"), TypedValue::ULong(3_920_000_000));
        assert_eq!(value("perf"), TypedValue::Long(-1));
        assert_eq!(value("cpu.haltpoll"), TypedValue::Boolean(false));
        assert_eq!((value("block.0.name"), value("block.0.path")), (text("7"), text("/a\nb=c")));
        assert!(stats((Vec::new(), 1 << 20, 0)).is_err());
    }

    #[test]
    fn of_some() {
        let gone = DomainRef { uuid: "11111111-2222-3333-4444-555555555555".parse().unwrap(), ..one() };
        let form = || stats((vec![one(), gone.clone()], 1, 0)).unwrap();
        let next = form().next(LIST);
        assert_eq!(next.lines(), ["domstats --raw --state 308d87df-e84c-4693-8b2f-ec502102917b"]);
        assert_eq!(next.answer(STATS).unwrap().len(), 1);
        assert_eq!(form().answer("\n").unwrap(), []);
    }

    #[test]
    fn state_and_use_of_one() {
        assert_eq!(state((one(), 0)).unwrap().answer(STATS).unwrap(), DomainState { state: 1, reason: 1 });
        let info = info((one(),)).unwrap().answer(STATS).unwrap();
        assert_eq!(
            (info.max_memory, info.memory, info.vcpus, info.cpu_time),
            (131_072, 65_536, 2, 3_920_000_000)
        );
        assert!(state((one(), 0)).unwrap().answer("\n").is_err());
        let off = STATS.replace("state.state=1", "state.state=5");
        assert_eq!(super::info((one(),)).unwrap().answer(&off).unwrap().cpu_time, 0);
    }
}
