//! What the guest itself is asked: programs, addresses.

use std::time::Duration;

use examples::exit::Exit;
use examples::{complain, pairs, ran};
use proxmox_core::Result;
use proxmox_core::guest::{self, IpQuery};
use serde_json::{Value, json};

use crate::args;
use crate::session::Session;

pub(crate) async fn exec(session: &Session, given: args::Exec) -> Result<Exit> {
    let mut exec = guest::Exec::new(given.argv);
    if let Some(file) = &given.input {
        exec = exec.input(pairs::read_bytes("input", file)?);
    }
    let domain = session.domain(&given.name.name).await?;
    let result = session.waiting("running", domain.exec_for(exec, given.timeout)).await?;
    ran::show(&result, session.json)
}

pub(crate) async fn ips(session: &Session, name: &str, wait: Option<Duration>) -> Result<()> {
    let domain = session.domain(name).await?;
    if let Some(patience) = wait {
        session.waiting("waiting for an address", domain.wait_for_ip(IpQuery::v4(), patience)).await?;
    }
    let interfaces = domain.addresses().await?;
    let usable = IpQuery::first_of_each(&interfaces);
    if usable.is_empty() {
        examples::tell!("{}", complain::warning("no usable address is known yet (--wait waits for one)"));
    }
    let answer: Vec<Value> = interfaces
        .iter()
        .map(|nic| {
            let all: Vec<_> = nic.addresses.iter().map(|a| &a.text).collect();
            json!({"interface": nic.name, "mac": nic.mac, "addresses": all})
        })
        .collect();
    session.answer(&json!({"addresses": usable, "interfaces": answer}), || {
        usable.iter().map(|address| format!("{address}\n")).collect()
    })
}
