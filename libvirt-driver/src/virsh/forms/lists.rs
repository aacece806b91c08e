//! Who is there: lists of what has names and UUIDs, from which single ones are found as well.
//!
//! Names are never looked up by virsh itself, for it takes a name that is a number for the id of another domain.

use proxmox_core::Result;

use super::command::Command;
use super::fields::{number, parts, uuid};
use super::form::{Form, Read, Unread};
use crate::rpc::{DomainRef, NetworkRef, PoolRef, Uuid};

/// Something with a name and a UUID.
pub(super) trait Named: Sized + 'static {
    /// virsh's command for the list.
    const LIST: &'static str;
    /// libvirt's number and words for one that is not there.
    const MISSING: (i32, &'static str);
    fn name(&self) -> &str;
    fn uuid(&self) -> Uuid;
}

impl Named for DomainRef {
    const LIST: &'static str = "list";
    const MISSING: (i32, &'static str) = (42, "Domain not found: no domain");
    fn name(&self) -> &str {
        &self.name
    }
    fn uuid(&self) -> Uuid {
        self.uuid
    }
}

macro_rules! with_two_fields {
    ($($what:ident $list:literal $code:literal $words:literal;)*) => { $(
        impl Named for $what {
            const LIST: &'static str = $list;
            const MISSING: (i32, &'static str) = ($code, $words);
            fn name(&self) -> &str {
                &self.name
            }
            fn uuid(&self) -> Uuid {
                self.uuid
            }
        }

        impl From<(String, Uuid)> for $what {
            fn from((name, uuid): (String, Uuid)) -> Self {
                Self { name, uuid }
            }
        }
    )* };
}

with_two_fields! {
    PoolRef "pool-list" 49 "Storage pool not found: no storage pool";
    NetworkRef "net-list" 43 "Network not found: no network";
}

fn missing<T: Named>(what: &str) -> Unread {
    let (code, words) = T::MISSING;
    Unread::refused(code, format!("{words} with matching {what}"))
}

pub(super) fn by_name<T: Named>(all: Vec<T>, name: &str) -> Read<T> {
    all.into_iter().find(|one| one.name() == name).ok_or_else(|| missing::<T>(&format!("name '{name}'")))
}

pub(super) fn by_uuid<T: Named>(all: Vec<T>, uuid: Uuid) -> Read<T> {
    all.into_iter().find(|one| one.uuid() == uuid).ok_or_else(|| missing::<T>(&format!("uuid '{uuid}'")))
}

/// The command that lists domains: all of them, unless options narrow it.
pub(super) fn domains_command() -> Command {
    Command::new("list").option("--uuid").option("--id").option("--name")
}

/// Lines of UUID, id or a dash, and name.
pub(super) fn domains(output: &str) -> Read<Vec<DomainRef>> {
    let lines = output.lines().take_while(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut words = line.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some(id), Some(number_), Some(name)) => Ok(DomainRef {
                    uuid: uuid(id)?,
                    id: if number_ == "-" { -1 } else { number(number_)? },
                    name: name.to_owned(),
                }),
                _ => Err(Unread::Malformed(format!("{line:?} is not UUID, id and name"))),
            }
        })
        .collect()
}

/// One domain as it is now.
pub(super) fn domain_by(
    find: impl FnOnce(Vec<DomainRef>) -> Read<DomainRef> + Send + Sync + 'static,
) -> Form<DomainRef> {
    Form::new(domains_command().option("--all"), |output| find(domains(output)?))
}

/// All pools or networks, with these options more. virsh lists names and UUIDs in the same order, but not together: the UUIDs come
/// twice, and what has changed between is noticed.
pub(super) fn pairs<T: Named + From<(String, Uuid)>>(options: &Command) -> Form<Vec<T>> {
    let list = |what: &str| options.clone().option(what);
    Form::several(vec![list("--uuid"), list("--name"), list("--uuid")], |output| {
        let [before, names, after] = parts(output)?;
        let uuids = before.lines().map(uuid).collect::<Read<Vec<_>>>()?;
        // Names come with spaces behind them, to a width.
        let names: Vec<_> = names.lines().map(|name| name.trim_end().to_owned()).collect();
        if before != after.trim_end() || names.len() != uuids.len() {
            return Err(Unread::refused(68, "the list has changed while virsh read it: ask again"));
        }
        Ok(names.into_iter().zip(uuids).map(T::from).collect())
    })
}

/// One of all pools or networks.
pub(super) fn one_of_pairs<T: Named + From<(String, Uuid)>>(
    find: impl FnOnce(Vec<T>) -> Read<T> + Send + Sync + 'static,
) -> Form<T> {
    pairs(&Command::new(T::LIST).option("--all")).and(find)
}

/// Whether a list that options narrow holds this one, which must be there at all.
pub(super) fn among<T: Named>(narrowed: Command, this: &T) -> Result<Form<bool>> {
    let (wanted, all) = (this.uuid(), Command::new(T::LIST).option("--all").option("--uuid"));
    Ok(Form::several(vec![narrowed.option("--uuid"), all], move |output| {
        let [some, all] = parts(output)?;
        let holds = |list: &str| {
            let uuids = list.lines().filter(|line| !line.is_empty()).map(uuid).collect::<Read<Vec<_>>>();
            uuids.map(|uuids| uuids.contains(&wanted))
        };
        let (within, there) = (holds(some)?, holds(all)?);
        if there { Ok(within) } else { Err(missing::<T>(&format!("uuid '{wanted}'"))) }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str =
        "308d87df-e84c-4693-8b2f-ec502102917b 1 one\n4c33479b-130d-4bb1-a0f9-76100452fa34 - -x y  z\n\n";

    #[test]
    fn domains_with_any_name() {
        let all = domains(TWO).unwrap();
        assert_eq!((all[0].id, &*all[0].name), (1, "one"));
        assert_eq!((all[1].id, &*all[1].name), (-1, "-x y  z"));
        assert_eq!(domains("\n").unwrap(), []);
        assert!(domains("one\n").is_err());
        // A name that is the id of another.
        let Err(Unread::Refused(error)) = by_name(all, "1") else { panic!("an id was taken for a name") };
        assert_eq!(error.code, 42);
    }

    fn pools(output: &str) -> Read<Vec<PoolRef>> {
        pairs(&Command::new("pool-list")).answer(output)
    }

    #[test]
    fn names_and_uuids_belong_together() {
        let (one, two) = ("726f2ce0-dd3b-48cc-9b14-bb3e6ad68a8b", "78728a94-e17d-451f-b095-fe52db3b81c8");
        let all =
            pools(&format!("{one}\n{two}\n\n-b 2         \nlab          \n\n{one}\n{two}\n\n")).unwrap();
        let found: Vec<_> = all.iter().map(|pool| (pool.name.as_str(), pool.uuid.to_string())).collect();
        assert_eq!(found, [("-b 2", one.to_owned()), ("lab", two.to_owned())]);
        assert_eq!(pools("\n\n\n").unwrap(), []);
        // One has come between.
        let changed = pools(&format!("{two}\n\n-b 2\nlab\n\n{one}\n{two}\n\n"));
        assert!(matches!(changed, Err(Unread::Refused(error)) if error.code == 68));
    }

    #[test]
    fn what_is_not_there_at_all_is_in_no_list() {
        let one = domains(TWO).unwrap().remove(0);
        let running = || among(Command::new("list"), &one).unwrap();
        let other = "4c33479b-130d-4bb1-a0f9-76100452fa34";
        assert!(running().answer(&format!("{}\n\n{other}\n{}\n\n", one.uuid, one.uuid)).unwrap());
        assert!(!running().answer(&format!("\n{}\n\n", one.uuid)).unwrap());
        assert!(
            matches!(running().answer(&format!("\n{other}\n\n")), Err(Unread::Refused(error)) if error.code == 42)
        );
    }
}
