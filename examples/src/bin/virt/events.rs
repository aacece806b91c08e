//! `virt events`

use std::num::NonZeroUsize;

use console::Style;
use examples::{clock, complain, human, stdout};
use libvirt_driver::rpc::Event;
use proxmox_core::Result;
use serde_json::{Value, json};

use crate::session::Session;

pub(crate) async fn run(session: &Session, count: Option<NonZeroUsize>) -> Result<()> {
    let mut events = session.host.events().await?;
    // From now on nothing is missed: whoever reads this may begin to act.
    if !session.json {
        examples::tell_line!("listening on {}", session.host);
    }
    for _ in 0..count.map_or(usize::MAX, Into::into) {
        let event = events.next().await?;
        let time = clock::unix();
        let line = if session.json { json(time, &event).to_string() } else { text(time, &event) };
        if !stdout::offer(&format!("{line}\n"))? {
            break;
        }
    }
    Ok(())
}

fn json(time: i64, event: &Event) -> Value {
    match event {
        Event::Lifecycle(event) => json!({
            "time": time, "event": event.word(), "detail": event.detail,
            "name": event.domain.name, "uuid": event.domain.uuid.to_string(),
        }),
        Event::Missed(missed) => json!({"time": time, "event": "missed", "missed": missed}),
    }
}

fn text(time: i64, event: &Event) -> String {
    let time = Style::new().dim().apply_to(human::time(time)).to_string();
    match event {
        Event::Lifecycle(event) => {
            let name = Style::new().bold().apply_to(complain::printable(&event.domain.name)).to_string();
            format!("{time}  {name}: {}", event.word())
        }
        Event::Missed(missed) => {
            let events = human::count(usize::try_from(*missed).unwrap_or(usize::MAX), "event", "events");
            format!("{time}  {events} were missed: look at the domains anew")
        }
    }
}
