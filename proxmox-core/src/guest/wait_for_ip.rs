use std::time::Duration;

use super::{FoundIp, Guest, GuestInterface, IpQuery, Kind};
use crate::call::{Call, Operation};
use crate::{ConfigBag, Error, ErrorKind, Outcome, Pve, PveRequest, PveResponse, Result};

/// How long to wait unless the call says otherwise.
const WAIT: Duration = Duration::from_secs(120);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// How a kind of guest tells its addresses.
#[derive(Debug, Clone, Copy)]
pub struct AddressSource {
    /// Where they are read, below the guest's path.
    pub path: &'static [&'static str],
    /// What the answer says.
    pub read: fn(&PveResponse) -> Result<Vec<GuestInterface>>,
    /// What its configuration fixes, which is known before it runs.
    pub fixed: Option<fn(&ConfigBag) -> Vec<GuestInterface>>,
    /// Who tells, for messages: `the agent`.
    pub teller: &'static str,
    /// What to look at when nothing came.
    pub advice: &'static str,
}

impl<K: Kind> Guest<K> {
    /// Waits for a usable address, looking every second: at `GET …/agent/network-get-interfaces` of a VM, whose guest agent
    /// must be on; at the configuration of a container, where a static address is found at once, and then at
    /// `GET …/interfaces`. Needs `VM.Audit`; for a VM `VM.Monitor`, since PVE 9 `VM.GuestAgent.Audit`.
    ///
    /// Without a [`timeout`](crate::Call::timeout) it waits for 120 s. The error at the end tells whether anything was heard of the
    /// guest, which addresses were seen, and the first trouble. A guest that is off, that has no agent configured, or that may not
    /// be asked, ends the wait at once.
    ///
    /// # Errors
    /// `Timeout`, `WrongState`, `Agent`, `PermissionDenied`, `NotFound`.
    pub fn wait_for_ip(&self, query: IpQuery) -> Call<WaitForIp<K>> {
        self.pve.bind(WaitForIp { guest: self.clone(), query })
    }
}

/// See [`Guest::wait_for_ip`].
#[derive(Debug)]
pub struct WaitForIp<K: Kind> {
    guest: Guest<K>,
    query: IpQuery,
}

/// What is told when no address came.
#[derive(Default)]
struct Seen {
    heard: bool,
    addresses: Vec<String>,
    first_error: Option<Error>,
}

impl Seen {
    fn timeout(self, wait: Duration, family: &str, source: &AddressSource) -> Error {
        let heard = format!("{} {}", source.teller, if self.heard { "answers" } else { "was never seen" });
        let addresses = match self.addresses.as_slice() {
            [] => "no address was seen".to_owned(),
            some => format!("addresses seen: {}", some.join(", ")),
        };
        let trouble =
            self.first_error.as_ref().map(|e| format!("; first error: {}", e.message())).unwrap_or_default();
        let text = format!("no usable {family} address within {wait:?}: {heard}, {addresses}{trouble}");
        let error = Error::new(ErrorKind::Timeout, Outcome::Rejected, text).with_advice(source.advice);
        match self.first_error {
            Some(first) => error.with_source(first),
            None => error,
        }
    }
}

/// Whether waiting longer cannot help.
fn is_final(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Agent => error.message().contains("No QEMU guest agent configured"),
        kind => !kind.is_transient() && kind != ErrorKind::Unexpected,
    }
}

impl<K: Kind> WaitForIp<K> {
    async fn fixed(&self, pve: &Pve) -> Result<Option<FoundIp>> {
        let Some(read) = K::ADDRESSES.fixed else {
            return Ok(None);
        };
        let config = self.guest.through(pve.clone()).config().await?;
        Ok(self.query.pick(&read(&config)))
    }
}

impl<K: Kind> Operation for WaitForIp<K> {
    type Output = FoundIp;
    fn name(&self) -> &'static str {
        "guest.wait_for_ip"
    }
    fn request(&self) -> Result<PveRequest> {
        Ok(PveRequest::get(K::ADDRESSES.path.iter().fold(self.guest.path(), |path, word| path.fixed(word))))
    }
    async fn run(self, pve: Pve) -> Result<FoundIp> {
        let request = self.request()?;
        let deadline = pve.deadline(Some(WAIT));
        if let Some(found) = self.fixed(&pve).await? {
            return Ok(found);
        }
        let mut seen = Seen::default();
        loop {
            let look = async {
                let answer = pve.call(&deadline.bound(&pve, &request)).await?;
                (K::ADDRESSES.read)(&answer)
            };
            match look.await {
                Ok(interfaces) => {
                    if let Some(found) = self.query.pick(&interfaces) {
                        return Ok(found);
                    }
                    seen.heard = true;
                    let all = interfaces.iter().flat_map(|i| i.addresses.iter().map(move |a| (i, a)));
                    seen.addresses = all.map(|(i, a)| format!("{} on {}", a.text, i.name)).collect();
                }
                Err(e) if is_final(&e) => return Err(e.about(&self.guest)),
                Err(e) => drop(seen.first_error.get_or_insert(e)),
            }
            let left = deadline.left(&pve);
            if left.is_zero() {
                return Err(seen.timeout(deadline.wait(), self.query.family(), &K::ADDRESSES));
            }
            pve.sleep(PAUSE.min(left)).await;
        }
    }
}
