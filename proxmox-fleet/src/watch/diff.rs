use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Change, Event, Guest, Node, Removal, Settings, View};

/// What is to be told of the way from one view to the next: nodes first, because they explain what happened to their guests,
/// each by name or number.
///
/// `before` is what was last *told*, not what was last seen: use that creeps is told as soon as the sum of it is worth it.
/// Applied to `before`, the events make `after`, but for CPU and memory within what `settings` keeps quiet about.
#[must_use]
pub fn diff(before: &View, after: &View, settings: &Settings) -> Vec<Event> {
    let mut events = Vec::new();
    for pair in pairs(&before.nodes, &after.nodes) {
        events.extend(node(&pair));
    }
    for pair in pairs(&before.guests, &after.guests) {
        guest(&pair, after, settings, &mut events);
    }
    events
}

/// What stands under one key before and after.
enum Pair<'a, T> {
    Gone(&'a T),
    New(&'a T),
    Both(&'a T, &'a T),
}

/// All keys of both, in order, in one pass.
fn pairs<'a, K: Ord, T>(
    before: &'a BTreeMap<K, T>,
    after: &'a BTreeMap<K, T>,
) -> impl Iterator<Item = Pair<'a, T>> {
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (old.peek(), new.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, _) => std::cmp::Ordering::Greater,
        };
        Some(match order {
            std::cmp::Ordering::Less => Pair::Gone(old.next()?.1),
            std::cmp::Ordering::Greater => Pair::New(new.next()?.1),
            std::cmp::Ordering::Equal => Pair::Both(old.next()?.1, new.next()?.1),
        })
    })
}

fn node(pair: &Pair<'_, Arc<Node>>) -> Option<Event> {
    match pair {
        Pair::Gone(node) => Some(Event::NodeRemoved { node: Arc::clone(node) }),
        Pair::New(node) => Some(Event::NodeAdded { node: Arc::clone(node) }),
        Pair::Both(before, after) if before == after => None,
        Pair::Both(_, node) if node.is_online() => Some(Event::NodeOnline { node: Arc::clone(node) }),
        Pair::Both(_, node) => Some(Event::NodeOffline { node: Arc::clone(node) }),
    }
}

fn guest(pair: &Pair<'_, Arc<Guest>>, after: &View, settings: &Settings, events: &mut Vec<Event>) {
    let added = |guest: &Arc<Guest>| Event::Added { guest: Arc::clone(guest) };
    let removed = |guest: &Arc<Guest>, why| Event::Removed { guest: Arc::clone(guest), why };
    match pair {
        Pair::Gone(old) => {
            let template = after.templates.contains(&old.vmid);
            events.push(removed(old, if template { Removal::Template } else { Removal::Gone }));
        }
        Pair::New(new) => events.push(added(new)),
        Pair::Both(old, new) if old.kind != new.kind => {
            events.extend([removed(old, Removal::Gone), added(new)]);
        }
        Pair::Both(old, new) => {
            let what = changes(old, new, settings);
            if !what.is_empty() {
                events.push(Event::Changed { guest: Arc::clone(new), what });
            }
        }
    }
}

fn changes(old: &Guest, new: &Guest, settings: &Settings) -> Vec<Change> {
    let mut what = Vec::new();
    macro_rules! compare {
        ($($field:ident => $change:ident),*) => {$(
            if old.$field != new.$field {
                what.push(Change::$change { from: old.$field.clone(), to: new.$field.clone() });
            }
        )*};
    }
    compare!(status => Status, node => Node, name => Name, tags => Tags, lock => Lock);
    if old.template != new.template {
        what.push(Change::Template { from: old.template, to: new.template });
    }
    if has_moved(old.cpu_percent, new.cpu_percent, |a, b| (a - b).abs() > settings.cpu_points) {
        what.push(Change::Cpu { from: old.cpu_percent, to: new.cpu_percent });
    }
    if has_moved(old.mem, new.mem, |a, b| is_much(a, b, new.maxmem, settings)) {
        what.push(Change::Mem { from: old.mem, to: new.mem });
    }
    if old.maxmem != new.maxmem {
        what.push(Change::Maxmem { from: old.maxmem, to: new.maxmem });
    }
    what
}

/// Whether a figure has come, gone, or moved far.
fn has_moved<T: Copy + PartialEq>(from: Option<T>, to: Option<T>, far: impl FnOnce(T, T) -> bool) -> bool {
    match (from, to) {
        (Some(a), Some(b)) => a != b && far(a, b),
        (None, None) => false,
        _ => true,
    }
}

/// Whether memory has moved by more than its share of all of it. Of an unknown whole every move is much.
#[allow(clippy::cast_precision_loss)] // A share needs no exact bytes.
fn is_much(a: i64, b: i64, all: Option<i64>, settings: &Settings) -> bool {
    let moved = a.abs_diff(b) as f64;
    moved > all.unwrap_or(0).max(0) as f64 * settings.memory_percent / 100.0
}

#[cfg(test)]
mod tests;
