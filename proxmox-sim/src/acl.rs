//! Users, tokens, roles and what they may do where.

use std::collections::{BTreeMap, BTreeSet};

use crate::PveVersion;
use crate::answer::Refusal;
use crate::state::State;

/// A user with its tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct User {
    pub(crate) password: Option<String>,
    pub(crate) enable: bool,
    /// Seconds since 1970; 0 is never.
    pub(crate) expire: i64,
    pub(crate) comment: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) tokens: BTreeMap<String, Token>,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) secret: String,
    pub(crate) privsep: bool,
    pub(crate) expire: i64,
    pub(crate) comment: Option<String>,
}

/// One entry of the access control list.
#[derive(Debug, Clone)]
pub(crate) struct Acl {
    pub(crate) path: String,
    /// A user or a token id.
    pub(crate) who: String,
    pub(crate) role: String,
    pub(crate) propagate: bool,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) user: String,
    pub(crate) token: Option<String>,
}

impl Who {
    pub(crate) fn user(user: &str) -> Self {
        Self { user: user.to_owned(), token: None }
    }

    /// As in a UPID: `user@realm` or `user@realm!token`.
    pub(crate) fn id(&self) -> String {
        match &self.token {
            Some(token) => format!("{}!{token}", self.user),
            None => self.user.clone(),
        }
    }

    /// `root@pam` itself: not even its tokens are.
    pub(crate) fn is_root(&self) -> bool {
        self.user == "root@pam" && self.token.is_none()
    }
}

/// A role, and its privileges: words of [`PRIVILEGES`] with `*` at their end for a whole group.
const ROLES: [(&str, &str); 17] = [
    ("Administrator", "*"),
    ("NoAccess", ""),
    (
        "PVEAdmin",
        "Datastore.* Group.* Mapping.Audit Mapping.Use Pool.* Realm.AllocateUser SDN.* Sys.Audit Sys.Console \
         Sys.Syslog User.* VM.*",
    ),
    (
        "PVEAuditor",
        "Datastore.Audit Mapping.Audit Pool.Audit SDN.Audit Sys.Audit VM.Audit VM.GuestAgent.Audit",
    ),
    ("PVEDatastoreAdmin", "Datastore.*"),
    ("PVEDatastoreUser", "Datastore.AllocateSpace Datastore.Audit"),
    ("PVEMappingAdmin", "Mapping.*"),
    ("PVEMappingUser", "Mapping.Audit Mapping.Use"),
    ("PVEPoolAdmin", "Pool.*"),
    ("PVEPoolUser", "Pool.Audit"),
    ("PVESDNAdmin", "SDN.*"),
    ("PVESDNUser", "SDN.Audit SDN.Use"),
    ("PVESysAdmin", "Sys.Audit Sys.Console Sys.Syslog"),
    ("PVETemplateUser", "VM.Audit VM.Clone"),
    ("PVEUserAdmin", "Group.Allocate Realm.AllocateUser User.Modify"),
    ("PVEVMAdmin", "VM.*"),
    (
        "PVEVMUser",
        "VM.Audit VM.Backup VM.Config.CDROM VM.Config.Cloudinit VM.Console VM.PowerMgmt VM.GuestAgent.Audit \
         VM.GuestAgent.FileRead VM.GuestAgent.FileWrite VM.GuestAgent.FileSystemMgmt",
    ),
];

/// All privileges, those of one version only marked.
const PRIVILEGES: &str = "Datastore.Allocate Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit \
    Group.Allocate Mapping.Audit Mapping.Modify Mapping.Use Permissions.Modify Pool.Allocate Pool.Audit \
    Realm.Allocate Realm.AllocateUser SDN.Allocate SDN.Audit SDN.Use Sys.AccessNetwork Sys.Audit Sys.Console \
    Sys.Incoming Sys.Modify Sys.PowerMgmt Sys.Syslog User.Modify VM.Allocate VM.Audit VM.Backup VM.Clone \
    VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory \
    VM.Config.Network VM.Config.Options VM.Console VM.Migrate 8!VM.Monitor VM.PowerMgmt VM.Snapshot \
    VM.Snapshot.Rollback 9!VM.GuestAgent.Audit 9!VM.GuestAgent.FileRead 9!VM.GuestAgent.FileWrite \
    9!VM.GuestAgent.FileSystemMgmt 9!VM.GuestAgent.Unrestricted 9!VM.Replicate";

/// All privileges of a version.
pub(crate) fn privileges(version: PveVersion) -> BTreeSet<&'static str> {
    let words = PRIVILEGES.split_whitespace();
    words
        .filter_map(|word| match word.split_once('!') {
            Some(("8", word)) => (version == PveVersion::V8).then_some(word),
            Some((_, word)) => (version == PveVersion::V9).then_some(word),
            None => Some(word),
        })
        .collect()
}

/// The names of all roles.
pub(crate) fn roles() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|(name, _)| *name)
}

/// The privileges of a role; `None` when there is no such role.
pub(crate) fn role(name: &str, version: PveVersion) -> Option<BTreeSet<&'static str>> {
    let words: Vec<_> = ROLES.iter().find(|(role, _)| *role == name)?.1.split_whitespace().collect();
    let has = |privilege: &str| {
        words.iter().any(|word| match word.strip_suffix('*') {
            Some(group) => privilege.starts_with(group),
            None => *word == privilege,
        })
    };
    Some(privileges(version).into_iter().filter(|p| has(p)).collect())
}

impl State {
    /// The privileges that the list grants to one id on a path: the entries nearest to the path count.
    fn granted(&self, id: &str, path: &str) -> BTreeMap<&'static str, bool> {
        let mut granted = BTreeMap::new();
        for step in steps(path) {
            let last = step == path;
            let here: Vec<_> = self
                .acl
                .iter()
                .filter(|acl| acl.who == id && acl.path == step && (last || acl.propagate))
                .collect();
            if !here.is_empty() {
                granted.clear();
            }
            for acl in here {
                let privileges = role(&acl.role, self.version).unwrap_or_default();
                granted.extend(privileges.into_iter().map(|p| (p, acl.propagate)));
            }
        }
        granted
    }

    /// All privileges on a path, and whether each is handed down.
    pub(crate) fn privileges_on(&self, who: &Who, path: &str) -> BTreeMap<&'static str, bool> {
        let of_user = if who.user == "root@pam" {
            privileges(self.version).into_iter().map(|p| (p, true)).collect()
        } else {
            self.granted(&who.user, path)
        };
        if self.is_separate(who) {
            let own = self.granted(&who.id(), path);
            own.into_iter().filter(|(p, _)| of_user.contains_key(p)).collect()
        } else {
            of_user
        }
    }

    /// Whether `who` is a token with privileges of its own.
    fn is_separate(&self, who: &Who) -> bool {
        let token = |token| self.users.get(&who.user).and_then(|user| user.tokens.get(token));
        who.token.as_ref().is_some_and(|name| token(name).is_none_or(|t| t.privsep))
    }

    /// Whether `who` has one of `any` on a path. A guest in a pool has what its pool grants.
    pub(crate) fn allows(&self, who: &Who, path: &str, any: &[&str]) -> bool {
        if who.user == "root@pam" && !self.is_separate(who) {
            return true;
        }
        let has = |path: &str| {
            let held = self.privileges_on(who, path);
            any.iter().any(|p| held.contains_key(p))
        };
        let pool = || {
            let vmid: u32 = path.strip_prefix("/vms/")?.parse().ok()?;
            self.pools
                .iter()
                .find(|(_, pool)| pool.vms.contains(&vmid))
                .map(|(name, _)| format!("/pool/{name}"))
        };
        has(path) || pool().is_some_and(|pool| has(&pool))
    }

    /// Refuses who has none of `any` on a path, as PVE says it.
    pub(crate) fn require(&self, who: &Who, path: &str, any: &[&str]) -> Result<(), Refusal> {
        if self.allows(who, path, any) {
            Ok(())
        } else {
            Err(Refusal::Forbidden(format!(" ({path}, {})", any.join("|"))))
        }
    }
}

/// `/`, `/vms`, `/vms/100`
fn steps(path: &str) -> impl Iterator<Item = &str> {
    let inner = path.char_indices().filter(|&(i, c)| c == '/' && i > 0).map(|(i, _)| &path[..i]);
    let whole = if path == "/" { None } else { Some(path) };
    std::iter::once("/").chain(inner).chain(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::SimBuilder;

    fn state(builder: SimBuilder) -> State {
        crate::build::state(builder, 1_800_000_000.0)
    }

    #[test]
    fn roles_follow_the_version() {
        assert!(role("PVEVMAdmin", PveVersion::V8).unwrap().contains("VM.Monitor"));
        let nine = role("PVEVMAdmin", PveVersion::V9).unwrap();
        assert!(!nine.contains("VM.Monitor") && nine.contains("VM.GuestAgent.Unrestricted"));
        assert!(!role("PVEVMUser", PveVersion::V9).unwrap().contains("VM.GuestAgent.Unrestricted"));
        assert_eq!(privileges(PveVersion::V8).len(), 42);
        assert!(role("Nope", PveVersion::V8).is_none());
    }

    #[test]
    fn the_nearest_entry_counts() {
        let state =
            state(SimBuilder::new().bare().user("bob@pve", "x").grant("/", "bob@pve", "PVEVMAdmin").grant(
                "/vms/100",
                "bob@pve",
                "PVEAuditor",
            ));
        let bob = Who::user("bob@pve");
        assert!(state.allows(&bob, "/vms/101", &["VM.PowerMgmt"]));
        assert!(!state.allows(&bob, "/vms/100", &["VM.PowerMgmt"]));
        assert!(state.allows(&bob, "/vms/100", &["VM.Audit"]));
        let refusal = state.require(&bob, "/nodes/pve1", &["Sys.Audit"]).unwrap_err();
        assert_eq!(refusal, Refusal::Forbidden(" (/nodes/pve1, Sys.Audit)".to_owned()));
    }

    #[test]
    fn separated_tokens_have_only_what_both_have() {
        let state = state(
            SimBuilder::new()
                .bare()
                .user("bob@pve", "x")
                .token("bob@pve!own", "s", true)
                .token("bob@pve!all", "s", false)
                .grant("/vms", "bob@pve", "PVEVMUser")
                .grant("/vms/100", "bob@pve!own", "PVEVMAdmin"),
        );
        let token = |name: &str| Who { user: "bob@pve".to_owned(), token: Some(name.to_owned()) };
        assert!(state.allows(&token("own"), "/vms/100", &["VM.PowerMgmt"]));
        assert!(!state.allows(&token("own"), "/vms/100", &["VM.Allocate"]));
        assert!(!state.allows(&token("own"), "/vms/101", &["VM.Audit"]));
        assert!(state.allows(&token("all"), "/vms/101", &["VM.Audit"]));
    }

    #[test]
    fn steps_of_a_path() {
        assert_eq!(steps("/vms/100").collect::<Vec<_>>(), ["/", "/vms", "/vms/100"]);
        assert_eq!(steps("/").collect::<Vec<_>>(), ["/"]);
    }
}
