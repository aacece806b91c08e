use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use proxmox_core::cluster::Resource;
use proxmox_core::{Error, ErrorKind, Result, Rows};

use super::read::read;
use super::{Event, Settings, View, diff};

/// What one watch knows, and what it has yet to tell to whom. Time and answers come from outside.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// As it was told; none before the first answer.
    told: Option<View>,
    /// When it is to be asked next; at once when nobody has asked yet.
    due: Option<Instant>,
    answered: Option<Instant>,
    /// Who is asking right now, and the last who did.
    asking: Option<Ticket>,
    last_ticket: Ticket,
    failures: u32,
    /// What also belongs to the picture: that it is old, that it has gaps.
    trouble: Option<Trouble>,
    unreadable: Option<Event>,
    inboxes: BTreeMap<u64, Inbox>,
    last_id: u64,
}

/// The turn to ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// Why there is no answer.
#[derive(Debug)]
struct Trouble {
    kind: ErrorKind,
    error: String,
}

/// What one subscriber has not fetched yet.
#[derive(Debug, Default)]
struct Inbox {
    events: VecDeque<Event>,
    /// A snapshot is to come after these events, made when it is fetched.
    needs: Option<Needs>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    First,
    /// For events that were dropped.
    Missed,
}

impl Feed {
    /// A new subscriber.
    pub(super) fn enter(&mut self, now: Instant) -> u64 {
        self.last_id += 1;
        let mut inbox = Inbox { needs: Some(Needs::First), ..Inbox::default() };
        // Without a snapshot that it would follow.
        if self.told.is_none() {
            inbox.events.extend(self.stale(now));
        }
        self.inboxes.insert(self.last_id, inbox);
        self.last_id
    }

    pub(super) fn leave(&mut self, id: u64) {
        self.inboxes.remove(&id);
    }

    /// How long until the next question.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now))
    }

    /// Who is asking right now.
    pub(super) fn asking(&self) -> Option<Ticket> {
        self.asking
    }

    /// Takes the turn to ask.
    pub(super) fn claim(&mut self) -> Ticket {
        self.last_ticket.0 += 1;
        self.asking = Some(self.last_ticket);
        self.last_ticket
    }

    /// Gives the turn back, unless somebody else has it by now.
    pub(super) fn release(&mut self, ticket: Ticket) {
        if self.asking == Some(ticket) {
            self.asking = None;
        }
    }

    /// The next event for this subscriber. A snapshot waits for a question that is due, so that it is never an old one.
    pub(super) fn take(&mut self, id: u64, now: Instant) -> Option<Event> {
        let due = self.wait(now).is_zero();
        let stale = self.stale(now);
        let inbox = self.inboxes.get_mut(&id)?;
        if let Some(event) = inbox.events.pop_front() {
            return Some(event);
        }
        let told = self.told.as_ref().filter(|_| !due)?;
        let needs = inbox.needs.take()?;
        inbox.events.extend(stale.into_iter().chain(self.unreadable.clone()));
        Some(told.snapshot(needs == Needs::Missed))
    }

    /// Takes an answer in, or that there is none. Too late is one whose turn somebody else has had meanwhile.
    pub(super) fn settle(
        &mut self,
        ticket: Ticket,
        answer: Result<Rows<Resource>>,
        now: Instant,
        settings: &Settings,
    ) {
        if self.asking != Some(ticket) {
            return;
        }
        let nothing = View::default();
        let before = self.told.as_ref().unwrap_or(&nothing);
        match answer.and_then(|rows| read(rows, before, settings.templates)) {
            Ok(reading) => {
                let mut events = Vec::new();
                if self.trouble.take().is_some() {
                    events.push(Event::Recovered { after_seconds: self.silence(now) });
                }
                let gaps = (reading.unreadable > 0)
                    .then_some(Event::Unreadable { rows: reading.unreadable, why: reading.why });
                if rows_of(gaps.as_ref()) != rows_of(self.unreadable.as_ref()) && self.told.is_some() {
                    events.push(gaps.clone().unwrap_or(Event::Unreadable { rows: 0, why: None }));
                }
                self.unreadable = gaps;
                self.failures = 0;
                self.answered = Some(now);
                self.due = Some(after(now, settings.pause(0)));
                if let Some(told) = &mut self.told {
                    let news = diff(told, &reading.view, settings);
                    news.iter().for_each(|event| told.apply(event));
                    told.templates = reading.view.templates;
                    events.extend(news);
                    self.tell(events, settings);
                } else {
                    self.tell(events, settings);
                    self.told = Some(reading.view);
                }
            }
            Err(error) => self.fail(&error, now, settings),
        }
    }

    fn fail(&mut self, error: &Error, now: Instant, settings: &Settings) {
        self.failures = self.failures.saturating_add(1);
        self.due = Some(after(now, settings.pause(self.failures)));
        if self.trouble.is_none() {
            self.trouble = Some(Trouble { kind: error.kind(), error: error.to_string() });
            self.tell(self.stale(now).into_iter().collect(), settings);
        }
    }

    /// That what was told is old, when it is.
    fn stale(&self, now: Instant) -> Option<Event> {
        self.trouble.as_ref().map(|trouble| Event::Stale {
            since_seconds: self.silence(now),
            retry_seconds: self.wait(now).as_secs(),
            kind: trouble.kind,
            error: trouble.error.clone(),
        })
    }

    /// How long ago the last answer came.
    fn silence(&self, now: Instant) -> Option<u64> {
        self.answered.map(|answered| now.saturating_duration_since(answered).as_secs())
    }

    /// Puts what came of one poll before all subscribers. Who is to get a snapshot learns it from that.
    fn tell(&mut self, events: Vec<Event>, settings: &Settings) {
        let mut takers = Vec::with_capacity(self.inboxes.len());
        for inbox in self.inboxes.values_mut() {
            if inbox.needs.is_some() && self.told.is_some() {
                continue;
            }
            let waiting = inbox.events.len();
            if waiting > 0 && waiting + events.len() > settings.queue {
                inbox.events.clear();
                inbox.needs.get_or_insert(Needs::Missed);
            } else {
                takers.push(inbox);
            }
        }
        // Most watches have one subscriber, who needs no copies.
        if let Some((last, others)) = takers.split_last_mut() {
            for inbox in others {
                inbox.events.extend(events.iter().cloned());
            }
            last.events.extend(events);
        }
    }
}

fn rows_of(gaps: Option<&Event>) -> usize {
    match gaps {
        Some(Event::Unreadable { rows, .. }) => *rows,
        _ => 0,
    }
}

/// Never, as far as anybody will see, where the clock does not reach so far.
fn after(now: Instant, pause: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    now.checked_add(pause).unwrap_or(now + YEAR)
}

#[cfg(test)]
mod tests;
