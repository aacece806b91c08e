//! Network cards of containers.

use crate::guest::Guest;
use crate::state::State;

/// A card's property string, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card(Vec<(String, String)>);

impl Card {
    pub(crate) fn parse(text: &str) -> Self {
        let parts = text.split(',').filter_map(|part| part.trim().split_once('='));
        Self(parts.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.retain(|(k, _)| k != key);
        self.0.push((key.to_owned(), value.into()));
    }

    /// As PVE writes it: the name, then the rest by name.
    pub(crate) fn print(&self) -> String {
        let mut parts = self.0.clone();
        parts.sort_by(|(a, _), (b, _)| (a != "name", a).cmp(&(b != "name", b)));
        parts.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    }
}

/// The cards of a container with their numbers.
pub(crate) fn cards(guest: &Guest) -> Vec<(u32, Card)> {
    (0..32).filter_map(|n| Some((n, Card::parse(guest.get(&format!("net{n}"))?)))).collect()
}

/// The stored form of a card: with its type, and with an address, a new one when none is given.
pub(crate) fn stored(state: &mut State, value: &str) -> String {
    let mut card = Card::parse(value);
    let mac = card.get("hwaddr").map_or_else(|| state.counters.mac(), str::to_uppercase);
    card.set("hwaddr", mac);
    card.set("type", "veth");
    card.print()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_first_and_the_rest_is_sorted() {
        let card = Card::parse("ip=dhcp,bridge=vmbr0,name=eth0,tag=5");
        assert_eq!(card.print(), "name=eth0,bridge=vmbr0,ip=dhcp,tag=5");
        assert_eq!(card.get("hwaddr"), None);
    }

    #[test]
    fn what_is_missing_is_filled_in() {
        let mut state = crate::build::state(crate::SimBuilder::new(), 0.0);
        let stored = stored(&mut state, "name=eth0,bridge=vmbr0,hwaddr=bc:24:11:00:00:01");
        assert_eq!(stored, "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,type=veth");
        let own = super::stored(&mut state, "name=eth0,bridge=vmbr0");
        assert!(own.starts_with("name=eth0,bridge=vmbr0,hwaddr=BC:24:11:"), "{own}");
    }
}
