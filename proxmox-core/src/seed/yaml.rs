//! As much of YAML as a seed needs: whether a text is some, and how a string is written so that it stays one.

use saphyr_parser::{Event, Parser};

/// Deeper than any configuration; cloud-init's reader gives up somewhere below.
const DEPTH: usize = 100;

/// What a document is at its outermost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing but comments.
    Empty,
    /// Names with values; these are the names.
    Mapping(Vec<String>),
    /// A list.
    Sequence,
    /// A single value.
    Scalar,
}

/// Reads a text of one document. What is wrong with it is said with its place, and without its content: there may be secrets in it.
pub(super) fn shape(text: &str) -> Result<Shape, String> {
    if let Some((line, c)) = unprintable(text) {
        return Err(format!("line {line}: YAML has no character {c:?}"));
    }
    let (mut shape, mut documents, mut depth) = (Shape::Empty, 0, 0_usize);
    let letters: Vec<char> = text.chars().collect();
    // Within the outermost mapping: whether the next thing is a name.
    let mut at_name = false;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| {
            format!("line {}, column {}: {}", e.marker().line(), e.marker().col() + 1, e.info())
        })?;
        let line = span.start.line();
        // The current version of YAML allows it, and cloud-init's reader does not.
        let before = span.start.index().checked_sub(1).and_then(|at| letters.get(at));
        if before == Some(&'\t') && !span.is_empty() {
            return Err(format!("line {line}: only blanks may stand before a value, and there is a tab"));
        }
        let mut name = None;
        match event {
            Event::DocumentStart(_) => documents += 1,
            Event::Scalar(text, ..) => name = Some(text.into_owned()),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if depth == 0 {
                    let mapping = matches!(event, Event::MappingStart(..));
                    shape = if mapping { Shape::Mapping(Vec::new()) } else { Shape::Sequence };
                    at_name = true;
                }
                depth += 1;
                if depth > DEPTH {
                    return Err(format!("line {line}: it is nested too deeply"));
                }
                if depth != 2 || !at_name {
                    continue;
                }
            }
            Event::SequenceEnd | Event::MappingEnd => {
                depth = depth.saturating_sub(1);
                if depth != 1 {
                    continue;
                }
                at_name = !at_name;
                continue;
            }
            Event::Alias(_) => {}
            Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => continue,
        }
        match (&mut shape, depth, name) {
            (shape @ Shape::Empty, 0, Some(text)) if !text.is_empty() => *shape = Shape::Scalar,
            (Shape::Mapping(names), 1, name) => {
                if let Some(name) = name.filter(|_| at_name) {
                    if names.contains(&name) {
                        return Err(format!(
                            "line {line}: the name is there twice, and only one of them would count"
                        ));
                    }
                    names.push(name);
                }
                at_name = !at_name;
            }
            _ => {}
        }
    }
    if documents > 1 { Err("it is more than one document".to_owned()) } else { Ok(shape) }
}

/// The first character that YAML does not have, with its line.
fn unprintable(text: &str) -> Option<(usize, char)> {
    let foreign = |c: &char| !is_printable(*c) && !matches!(c, '\t' | '\n' | '\r' | '\u{85}' | '\u{feff}');
    let lines = text.split('\n').zip(1..);
    lines.filter_map(|(line, n)| line.chars().find(foreign).map(|c| (n, c))).next()
}

/// Whether a character stands for itself between quotes, in the version of YAML that cloud-init reads as in the current one.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A string that is read as exactly this string, whatever it looks like.
pub(super) fn quoted(text: &str) -> String {
    let mut all = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => all.push_str("\\\""),
            '\\' => all.push_str("\\\\"),
            '\n' => all.push_str("\\n"),
            '\t' => all.push_str("\\t"),
            '\r' => all.push_str("\\r"),
            c if is_printable(c) => all.push(c),
            c => all.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    all.push('"');
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        match shape(text).unwrap() {
            Shape::Mapping(names) => names,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn shapes() {
        assert_eq!(shape(""), Ok(Shape::Empty));
        assert_eq!(shape("#cloud-config\n"), Ok(Shape::Empty));
        assert_eq!(shape("- a\n- b: c\n"), Ok(Shape::Sequence));
        assert_eq!(shape("just text"), Ok(Shape::Scalar));
        assert_eq!(
            names("#cloud-config\n---\na: 1\nb: [c, {d: e}]\nf: {g: [h]}\ni:\n- j: k\n"),
            ["a", "b", "f", "i"]
        );
        assert_eq!(names("a: &x {b: 1}\nc: *x\nd: 2\n"), ["a", "c", "d"]);
        assert_eq!(names("? [a, b]\n: c\nd: e\n"), ["d"]);
        assert_eq!(names("? {a: b}\n: [c]\nd: e\n"), ["d"]);
        assert_eq!(names("{}"), Vec::<String>::new());
        assert_eq!(names("a: |\n  x\n  \ty\nb: 'c\td'\ne: |\n  \ty\n"), ["a", "b", "e"]);
        for (bad, why) in [
            ("a: b: c", "line 1"),
            ("a:\n  - b\n c", "line 3"),
            ("a: [", "line"),
            ("a: \"x", "line"),
            ("a: 1\n---\nb: 2", "more than one document"),
            ("a: 1\nb: 2\na: 3", "line 3: the name"),
            ("a: *x", "line 1"),
            ("a: 1\nb: \u{1}", "line 2: YAML has no"),
            ("\ta: 1", "line 1: only blanks"),
            ("a:\n\t- b", "line 2"),
            ("a:\t1", "line 1"),
            (&*"[".repeat(200), ""),
            (&*("[".repeat(101) + &"]".repeat(101)), "too deeply"),
        ] {
            let error = shape(bad).expect_err(bad);
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    /// The only value of a mapping.
    fn value(text: &str) -> String {
        let scalars = Parser::new_from_str(text).filter_map(|event| match event.unwrap().0 {
            Event::Scalar(text, ..) => Some(text.into_owned()),
            _ => None,
        });
        scalars.last().unwrap()
    }

    proptest! {
        #[test]
        fn a_string_stays(text in prop_oneof![any::<String>(), "[\\x00-\\x20\"'#:{}\\\\nyesno~0-9\u{7f}-\u{a0}\u{2028}\u{feff}-]{0,20}"]) {
            let written = format!("a: {}\n", quoted(&text));
            prop_assert_eq!(value(&written), text);
            prop_assert!(shape(&written).is_ok() && written.lines().count() == 1, "{}", written);
        }

        #[test]
        fn no_text_panics(text in prop_oneof![any::<String>(), "[ab:\n \\[\\]{},?!&*|>'\"#-]{0,40}"]) {
            let _ = shape(&text);
        }
    }
}
