//! Network cards.

use crate::guest::Guest;
use crate::state::State;

const MODELS: [&str; 14] = [
    "e1000",
    "e1000-82540em",
    "e1000-82544gc",
    "e1000-82545em",
    "e1000e",
    "i82551",
    "i82557b",
    "i82559er",
    "ne2k_isa",
    "ne2k_pci",
    "pcnet",
    "rtl8139",
    "virtio",
    "vmxnet3",
];

/// A card's property string, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    pub(crate) model: String,
    pub(crate) mac: Option<String>,
    pub(crate) options: Vec<(String, String)>,
}

impl Card {
    pub(crate) fn parse(text: &str) -> Self {
        let mut card = Self { model: "virtio".to_owned(), mac: None, options: Vec::new() };
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            match part.split_once('=') {
                None | Some(("model", _)) => {
                    part.split_once('=').map_or(part, |(_, model)| model).clone_into(&mut card.model);
                }
                Some(("macaddr", mac)) => card.mac = Some(mac.to_owned()),
                Some((model, mac)) if MODELS.contains(&model) => {
                    model.clone_into(&mut card.model);
                    card.mac = Some(mac.to_owned());
                }
                Some((key, value)) => card.options.push((key.to_owned(), value.to_owned())),
            }
        }
        card
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// As PVE writes it: the model with its address, then the options by name.
    pub(crate) fn print(&self) -> String {
        let mut options = self.options.clone();
        options.sort();
        let mut text = format!("{}={}", self.model, self.mac.as_deref().unwrap_or_default());
        for (key, value) in options {
            text.push_str(&format!(",{key}={value}"));
        }
        text
    }
}

/// Whether a key of the configuration is a network card.
pub(crate) fn is_card_key(key: &str) -> bool {
    key.strip_prefix("net").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// The cards of a VM with their numbers.
pub(crate) fn cards(guest: &Guest) -> Vec<(u32, Card)> {
    (0..32).filter_map(|n| Some((n, Card::parse(guest.get(&format!("net{n}"))?)))).collect()
}

/// The stored form of a card: with an address, upper case.
pub(crate) fn stored(state: &mut State, value: &str) -> String {
    let mut card = Card::parse(value);
    card.mac = Some(card.mac.map_or_else(|| state.counters.mac(), |mac| mac.to_uppercase()));
    card.print()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_printed_with_sorted_options() {
        let card = Card::parse("virtio=BC:24:11:00:00:01,tag=5,bridge=vmbr0");
        assert_eq!(card.print(), "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=5");
        assert_eq!(Card::parse("model=e1000,macaddr=BC:24:11:00:00:01").print(), "e1000=BC:24:11:00:00:01");
        assert_eq!(Card::parse("virtio,bridge=vmbr0").mac, None);
        assert!(is_card_key("net0") && !is_card_key("netx") && !is_card_key("net"));
    }
}
