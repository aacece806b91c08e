//! What one command on the node tells: where pveproxy listens, which certificate it serves, and a ticket.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result, Secret};

use crate::lane::Lane;
use crate::pvesh::Caller;
use crate::shell::{Ended, Script, Shell as _, quote};
use crate::ssh::Session;
use crate::tls::{Fingerprint, Seen};

/// How long the command may take: perl needs half a second to start on a busy node.
const PATIENCE: Duration = Duration::from_secs(60);

/// The node's side of a tunnel.
pub(crate) struct Node {
    pub(crate) session: Arc<Session>,
    pub(crate) lane: Arc<Lane>,
    /// The certificate that it serves.
    pub(crate) seen: Seen,
    /// Whether the caller has named the certificate: then what the node says of it does not count.
    pub(crate) pinned: bool,
    pub(crate) port: u16,
    pub(crate) caller: Caller,
    /// Where pveproxy listens, once it is known.
    listen: Mutex<Option<String>>,
}

/// A session of `root@pam`.
pub(crate) struct Minted {
    pub(crate) ticket: Secret,
    pub(crate) csrf: String,
}

#[derive(Default)]
struct Told {
    listen: Option<String>,
    certificate: Option<Fingerprint>,
    ticket: Option<Secret>,
    csrf: Option<String>,
}

impl Node {
    pub(crate) fn new(session: Session, lane: Arc<Lane>, port: u16, caller: Caller) -> Self {
        let (seen, listen) = (Seen::default(), Mutex::new(None));
        Self { session: Arc::new(session), lane, seen, pinned: false, port, caller, listen }
    }

    /// Where pveproxy listens: what the node said, else loopback.
    pub(crate) fn listen(&self) -> String {
        let listen = self.listen.lock().unwrap_or_else(PoisonError::into_inner);
        listen.clone().unwrap_or_else(|| "127.0.0.1".to_owned())
    }

    /// Asks the node for a session of `root@pam`, and in passing for all else.
    pub(crate) async fn mint(&self) -> Result<Minted> {
        let told = self.ask(true).await?;
        match (told.ticket, told.csrf) {
            (Some(ticket), Some(csrf)) => Ok(Minted { ticket, csrf }),
            _ => Err(self.error(ErrorKind::Decode, "it made no ticket")),
        }
    }

    /// Asks the node for its certificate, where nobody has named it.
    pub(crate) async fn look(&self) -> Result<()> {
        if self.pinned {
            return Ok(());
        }
        self.ask(false).await?;
        if self.seen.get().is_some() {
            return Ok(());
        }
        Err(self
            .error(ErrorKind::Tls, "its certificate cannot be read there")
            .with_advice("name the certificate by its fingerprint (`pvenode cert info` on the node)"))
    }

    /// Forgets the certificate: it has changed.
    pub(crate) fn forget(&self) {
        if !self.pinned {
            self.seen.set(None);
        }
    }

    async fn ask(&self, ticket: bool) -> Result<Told> {
        let script = self.script(ticket);
        let session = Arc::clone(&self.session);
        let deadline = Instant::now() + PATIENCE;
        let ended = self
            .lane
            .run(async move { session.run(script, deadline).await })
            .await
            // It changes nothing on the node: the outcome is that of a read.
            .map_err(|fault| fault.into_error(Effect::Read, self.session.host()))?;
        let told = self.read(&ended)?;
        if let Some(listen) = &told.listen {
            *self.listen.lock().unwrap_or_else(PoisonError::into_inner) = Some(listen.clone());
        }
        if !self.pinned && told.certificate.is_some() {
            self.seen.set(told.certificate);
        }
        Ok(told)
    }

    fn script(&self, ticket: bool) -> Script {
        let root = self.caller.root.display().to_string();
        let sudo = if self.caller.sudo { "sudo -n " } else { "" };
        let include = if root.is_empty() {
            String::new()
        } else {
            format!("-I {} ", quote(&format!("{root}/usr/share/perl5")))
        };
        let want = if ticket { "ticket" } else { "look" };
        let line = format!("LC_ALL=C exec {sudo}perl {include}- {} {} {want}", quote(&root), self.port);
        Script { line, input: include_bytes!("node.pl").to_vec() }
    }

    fn read(&self, ended: &Ended) -> Result<Told> {
        if ended.exit != 0 {
            return Err(self.refusal(ended));
        }
        let odd = || self.error(ErrorKind::Decode, "it answers something else");
        let text = std::str::from_utf8(&ended.stdout).map_err(|_| odd())?;
        let mut told = Told::default();
        // What a login script prints comes before, in lines of its own.
        for (key, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            match key {
                "listen" => told.listen = Some(value.to_owned()),
                "certificate" => {
                    told.certificate =
                        Some(Fingerprint::of(&STANDARD.decode(value).map_err(|_| odd())?.into()));
                }
                "ticket" => told.ticket = Some(value.into()),
                "csrf" => told.csrf = Some(value.to_owned()),
                _ => {}
            }
        }
        Ok(told)
    }

    /// Why the command did not work, by what perl, sudo and the shell say.
    fn refusal(&self, ended: &Ended) -> Error {
        let stderr = String::from_utf8_lossy(&ended.stderr);
        let last = stderr.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it says nothing");
        if stderr.contains("Can't locate PVE/") {
            self.error(
                ErrorKind::Unsupported,
                "there is no Proxmox VE on it: perl finds no PVE::AccessControl",
            )
        } else if stderr.contains("sudo:") {
            self.error(ErrorKind::PermissionDenied, &format!("sudo refuses: {last}"))
                .with_advice("allow it to run perl without a password, or ask with an API token")
        } else if ended.exit == 127 {
            self.error(ErrorKind::Unsupported, &format!("perl is not there: {last}"))
        } else if stderr.contains("ermission denied") || stderr.contains("authkey") {
            self.error(ErrorKind::PermissionDenied, &format!("this user may not make a ticket: {last}"))
                .with_advice("log in as root, or with sudo, or ask with an API token")
        } else {
            self.error(ErrorKind::Unexpected, &format!("perl ends with {}: {last}", ended.exit))
        }
    }

    fn error(&self, kind: ErrorKind, text: &str) -> Error {
        Error::new(kind, Outcome::NotSent, format!("no tunnel to {}: {text}", self.session.host()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::{Settings, Target};

    fn node() -> Node {
        let session = Session::new(Settings::new(Target::parse("ssh", "root@pve1").unwrap()));
        Node::new(session, Arc::default(), 8006, Caller::default())
    }

    fn ended(exit: i32, stdout: &str, stderr: &str) -> Ended {
        Ended { exit, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn the_command_shows_nothing() {
        let mut node = node();
        assert_eq!(node.script(true).line, "LC_ALL=C exec perl - '' 8006 ticket");
        (node.caller.sudo, node.caller.root) = (true, "/srv/it's".into());
        assert_eq!(
            node.script(false).line,
            r"LC_ALL=C exec sudo -n perl -I '/srv/it'\''s/usr/share/perl5' - '/srv/it'\''s' 8006 look"
        );
    }

    #[test]
    fn what_it_tells_is_read() {
        let text = "Welcome to pve1\ncertificate AQID\ncsrf 6B00:x\nlisten 192.0.2.7\nticket PVE:root@pam:6B00::a+b/c==\n";
        let told = node().read(&ended(0, text, "")).unwrap();
        assert_eq!(told.listen.as_deref(), Some("192.0.2.7"));
        assert_eq!(told.csrf.as_deref(), Some("6B00:x"));
        assert_eq!(told.certificate, Some(Fingerprint::of(&vec![1, 2, 3].into())));
        assert!(told.ticket.is_some());
        assert!(node().read(&ended(0, "certificate %%%\n", "")).is_err());
    }

    #[test]
    fn why_it_did_not_work() {
        for (exit, stderr, kind, words) in [
            (
                2,
                "Can't locate PVE/AccessControl.pm in @INC (you may need …) at - line 45.\n",
                ErrorKind::Unsupported,
                "no Proxmox VE",
            ),
            (1, "sudo: a password is required\n", ErrorKind::PermissionDenied, "sudo refuses"),
            (127, "sh: 1: exec: perl: not found\n", ErrorKind::Unsupported, "perl is not there"),
            (
                13,
                "unable to read '/etc/pve/priv/authkey.key' - Permission denied\n",
                ErrorKind::PermissionDenied,
                "may not make",
            ),
            (9, "odd\n", ErrorKind::Unexpected, "ends with 9: odd"),
        ] {
            let error = node().read(&ended(exit, "", stderr)).err().unwrap();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotSent));
            assert!(error.message().contains(words) && error.message().contains("root@pve1"), "{error}");
        }
    }
}
