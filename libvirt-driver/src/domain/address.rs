//! Where the guest can be reached.

use std::net::IpAddr;
use std::time::Duration;

use proxmox_core::guest::{FoundIp, GuestInterface, IpQuery};
use proxmox_core::{ErrorKind, Outcome, Result};

use super::Domain;
use crate::clock::Patience;
use crate::rpc;
use crate::rpc::procedures::domain;

/// Who knows addresses, best first: the agent, the network's DHCP, the host's neighbours.
const SOURCES: [(&str, u32); 3] = [("agent", 1), ("leases", 0), ("neighbours", 2)];

impl Domain {
    /// The addresses of its interfaces: from its agent; where none answers, as the network's DHCP has given them out; and where that
    /// is not the daemon's own, as the host's neighbour table has them.
    ///
    /// # Errors
    /// `WrongState` when it is off. An agent that is not there is no error.
    pub async fn addresses(&self) -> Result<Vec<GuestInterface>> {
        for (source, number) in SOURCES {
            match self.call(domain::addresses(&self.found, number)).await {
                Ok(found) => {
                    let found: Vec<_> = found.iter().filter_map(interface).collect();
                    if !found.is_empty() {
                        return Ok(found);
                    }
                }
                Err(e)
                    if matches!(e.kind(), ErrorKind::WrongState | ErrorKind::NotFound)
                        || e.kind().is_transient() =>
                {
                    return Err(e);
                }
                // Its agent is not there, or the driver does not know this source.
                Err(e) => {
                    tracing::debug!(target: "libvirt", domain = %self, source, error = %e, "no addresses");
                }
            }
        }
        Ok(Vec::new())
    }

    /// Waits for a usable address.
    ///
    /// # Errors
    /// `Timeout` with the addresses that were seen, `WrongState` when it is off.
    pub async fn wait_for_ip(&self, query: IpQuery, patience: Duration) -> Result<FoundIp> {
        let mut patience = Patience::new(patience);
        loop {
            let found = self.addresses().await.map_err(|e| e.during("domain.wait_for_ip"))?;
            if let Some(ip) = query.pick(&found) {
                return Ok(ip);
            }
            if !patience.pause().await {
                let seen: Vec<_> = found
                    .iter()
                    .flat_map(|nic| &nic.addresses)
                    .map(|address| address.text.as_str())
                    .collect();
                let seen = if seen.is_empty() {
                    "none was seen".to_owned()
                } else {
                    format!("seen: {}", seen.join(", "))
                };
                let text = format!("no usable address within {:?}; {seen}", patience.whole());
                let error =
                    self.error(ErrorKind::Timeout, Outcome::Rejected, text).during("domain.wait_for_ip");
                return Err(error.with_advice(
                    "see on its console whether its network is up, and whether the network has DHCP",
                ));
            }
        }
    }
}

fn interface(told: &rpc::GuestInterface) -> Option<GuestInterface> {
    let each = told.addresses.iter().filter_map(|address| {
        let ip: IpAddr = address.address.parse().ok()?;
        Some(GuestInterface::fixed(&told.name, told.mac.as_deref(), ip, u8::try_from(address.prefix).ok()?))
    });
    each.reduce(|mut all, next| {
        all.addresses.extend(next.addresses);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_daemon_tells() {
        let address = |text: &str, prefix| rpc::GuestAddress { family: 0, address: text.to_owned(), prefix };
        let told = |addresses| rpc::GuestInterface {
            name: "eth0".to_owned(),
            mac: Some("52:54:00:AA:00:01".to_owned()),
            addresses,
        };
        let read =
            interface(&told(vec![address("192.0.2.7", 24), address("odd", 0), address("2001:db8::7", 64)]))
                .unwrap();
        let texts: Vec<_> = read.addresses.iter().map(|a| (a.text.as_str(), a.prefix)).collect();
        assert_eq!(texts, [("192.0.2.7", Some(24)), ("2001:db8::7", Some(64))]);
        assert_eq!(read.mac.as_deref(), Some("52:54:00:aa:00:01"));
        assert!(interface(&told(Vec::new())).is_none());
    }
}
