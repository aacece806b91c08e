//! Documents as trees.

use proptest::prelude::*;

use super::super::*;

#[test]
fn what_is_kept() {
    let text = "<?xml version='1.0'?><!-- a --><d a='1&#10;2&amp;&quot;' xmlns:q='u'>\r\n <q:x/>t&lt;&#x263a;<![CDATA[<&]]><!--c--><?p i?></d>\n";
    let element = Element::parse(text).unwrap();
    assert_eq!(element.attribute("a"), Some("1\n2&\""));
    assert_eq!(element.text(), "\n t<☺<&");
    assert_eq!(element.nodes().len(), 5);
    let written = element.to_xml().unwrap();
    assert_eq!(
        written,
        "<d a=\"1&#10;2&amp;&quot;\" xmlns:q=\"u\">\n <q:x/>t&lt;☺&lt;&amp;<!--c--><?p i?></d>"
    );
    assert_eq!(Element::parse(&written).unwrap(), element);
    assert_eq!(element.children().next().unwrap().split_name(), (Some("q"), "x"));
}

#[test]
fn what_is_refused() {
    let deep = "<a>".repeat(101) + &"</a>".repeat(101);
    for (bad, why) in [
        ("", "no element"),
        ("x", "outside"),
        ("<a>", "not closed"),
        ("<a></b>", "expected"),
        ("</a>", "close"),
        ("<a/><b/>", "more than one"),
        ("<a/>x", "outside"),
        ("<a b='1' b='2'/>", "dup"),
        ("<a b=1/>", "enclosed"),
        ("<a>&x;</a>", "entity"),
        ("<a b='&x;'/>", "entity"),
        ("<a>&#1;</a>", "no character"),
        ("<a b='&#1;'/>", "no character"),
        ("<a>\u{1}</a>", "no character"),
        ("<a>&#xffffffff;</a>", ""),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "document type"),
        ("<1/>", "not a name"),
        ("<a <='x'/>", "not a name"),
        (&*deep, "too deeply"),
    ] {
        let error = Element::parse(bad).unwrap_err().to_string();
        assert!(error.contains("byte") && error.contains(why), "{bad}: {error}");
    }
    for bad in [
        Element::new("a b"),
        Element::new(""),
        Element::new("a").with_text("\u{0}"),
        Element::new("a").with_attribute("b", "\u{ffff}"),
        Element::new("a").with_attribute("b c", "x"),
        Element::new("a").with(Element::new("b").with_text("\u{1}")),
    ] {
        assert!(bad.to_xml().is_err(), "{bad:?}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[<>&'\"\\]\n\t\r\u{85}\u{2028}☃ a-z;#x!\\[-]{0,12}", "\\PC{0,8}"]
}

fn tree() -> impl Strategy<Value = Element> {
    let leaf =
        ("[a-z_][a-z0-9._:-]{0,4}", proptest::collection::btree_map("[a-z:]{1,3}", text(), 0..3), text());
    let leaf = leaf.prop_map(|(name, attributes, text)| {
        attributes.into_iter().fold(Element::new(name), |e, (k, v)| e.with_attribute(&k, v)).with_text(text)
    });
    leaf.prop_recursive(4, 20, 4, |inner| {
        (inner.clone(), proptest::collection::vec(inner, 0..4)).prop_map(|(e, all)| e.with_all(all))
    })
}

proptest! {
    #[test]
    fn a_tree_reads_back(tree in tree()) {
        let text = tree.to_xml().unwrap();
        prop_assert_eq!(Element::parse(&text).unwrap(), tree, "{}", text);
    }

    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), "[<>/a='\" &;#x!\\[\\]?-]{0,40}"]) {
        if let Ok(element) = Element::parse(&text) {
            let written = element.to_xml().unwrap();
            prop_assert_eq!(Element::parse(&written).unwrap(), element, "{}", text);
        }
    }

    #[test]
    fn no_damage_panics(at in 0_usize..4000, length in 0_usize..40, with in "[<>/a='\" &;0x-]{0,5}") {
        for text in [
            include_str!("../fixtures/domain-running.xml"),
            include_str!("../fixtures/capabilities.xml"),
            include_str!("../fixtures/snapshot.xml"),
            include_str!("../fixtures/volume.xml"),
            include_str!("../fixtures/network.xml"),
        ] {
            let mut text = text.to_owned();
            let at = at.min(text.len());
            text.replace_range(at..(at + length).min(text.len()), &with);
            let _ = (Domain::parse(&text), Capabilities::parse(&text), Snapshot::parse(&text));
            let _ = (Volume::parse(&text), Network::parse(&text), Pool::parse(&text), DomainCapabilities::parse(&text));
            let _ = DomainEdit::parse(&text).and_then(|e| e.medium("hda", &DiskSource::Empty)?.vcpus(1, 2)?.to_xml());
        }
    }
}
