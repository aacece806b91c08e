//! Texts of all shapes: mostly such as people write, some such as nobody should.

use proptest::prelude::*;
use proptest::sample::select;

/// What means something to XML, to a shell, to a file system or to libvirt.
const STRANGE: &[&str] = &[
    "",
    " ",
    ".",
    "..",
    "...",
    "-",
    "--",
    "/",
    "//",
    "a/b",
    "15",
    "0",
    "-1",
    "~",
    "null",
    "*",
    "%s",
    "${x}",
    "a,b=c",
    "a:b",
    "<",
    "&",
    "&amp;",
    "&#10;",
    "&lt;b&gt;",
    "]]>",
    "<![CDATA[x]]>",
    "<!-- x -->",
    "<?x?>",
    "\"",
    "'",
    "`id`",
    "a\\",
    "a\nb",
    "\na",
    "a\n",
    "a\tb",
    "a\rb",
    " a",
    "a ",
    "  a  b  ",
    "\u{a0}",
    "\u{85}",
    "\u{2028}",
    "\u{3000}a",
    "\u{feff}",
    "\u{fffe}",
    "\u{0}",
    "\u{7f}",
    "\u{1b}[0m",
    "☃",
    "😀",
    "e\u{301}",
    "\u{202e}abc",
    "6695eb01-f6a4-8304-79aa-97f2502e193f",
];

/// Anything at all.
pub(crate) fn wild() -> BoxedStrategy<String> {
    prop_oneof![
        4 => select(STRANGE).prop_map(str::to_owned),
        2 => "\\PC{0,30}",
        1 => any::<String>(),
        1 => "[<>&'\"\\]\\[!;a \n\t]{0,20}",
        1 => (230_usize..260).prop_map(|n| "x".repeat(n)),
        1 => (100_usize..140).prop_map(|n| "é".repeat(n)),
    ]
    .boxed()
}

/// Mostly of this kind.
pub(crate) fn mostly(usual: &'static str) -> BoxedStrategy<String> {
    prop_oneof![39 => usual, 1 => wild()].boxed()
}

pub(crate) fn name() -> BoxedStrategy<String> {
    mostly("[a-zA-Z<>&'\"$`;☃é][a-zA-Z0-9<>&'\" $`;☃é,:._-]{0,20}").boxed()
}

pub(crate) fn path() -> BoxedStrategy<String> {
    prop_oneof![
        38 => "/[a-zA-Z0-9<>&'\" /☃,:._-]{0,20}",
        1 => wild().prop_map(|text| format!("/{text}")),
        1 => wild(),
    ]
    .boxed()
}

/// A word of libvirt's own: one of these, or something.
pub(crate) fn word(known: &'static [&'static str]) -> BoxedStrategy<String> {
    prop_oneof![49 => select(known).prop_map(str::to_owned), 1 => mostly("[a-z0-9._+-]{1,8}")].boxed()
}

pub(crate) fn text() -> BoxedStrategy<String> {
    prop_oneof![
        5 => Just(String::new()),
        30 => "[a-z<>&'\"\\]\n\t☃😀\u{85} !\\[-]{0,60}",
        1 => wild(),
    ]
    .boxed()
}
