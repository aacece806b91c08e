//! Pieces of the page.

use crate::flag::Severity;
use crate::human;
use crate::report::Fill;
use crate::thresholds::Levels;

/// As text and nothing else, in an element or an attribute. What turns the direction of writing is left out: it could make a name
/// look like another.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

pub(super) fn badge(severity: Severity) -> String {
    format!("<span class=\"badge {severity}\">{severity}</span>")
}

/// A coloured dot before a word that says the same.
pub(super) fn dot(class: &str, word: &str) -> String {
    format!("<span class=\"dot {class}\">{}</span>", escape(word))
}

/// What matters less. Numbers and words of this program only.
pub(super) fn sub(text: &str) -> String {
    format!("<span class=\"sub\">{text}</span>")
}

/// A figure of the overview. `rest` is markup.
pub(super) fn tile(name: &str, figure: &str, class: &str, rest: &str) -> String {
    format!(
        "<div class=\"tile {class}\"><dt>{name}</dt><dd class=\"figure\">{figure}</dd><dd class=\"sub\">{rest}</dd></div>\n"
    )
}

/// A horizontal bar. The figure stands beside it, so that nobody needs to see it.
pub(super) struct Bar {
    percent: f64,
    class: &'static str,
    /// Where thresholds are.
    ticks: [Option<f64>; 2],
}

impl Bar {
    /// Of what has no threshold.
    pub(super) fn plain(percent: f64) -> Self {
        Self { percent, class: "plain", ticks: [None; 2] }
    }

    /// Of what should not become full.
    fn levels(percent: f64, levels: &Levels) -> Self {
        let class = levels.severity(percent).map_or("plain", Severity::as_str);
        Self { percent, class, ticks: [Some(levels.warning), Some(levels.critical)] }
    }

    /// Of what should not become empty.
    pub(super) fn life(percent: f64, worst: Option<Severity>) -> Self {
        Self { percent, class: worst.map_or("life", Severity::as_str), ticks: [None; 2] }
    }

    pub(super) fn svg(&self) -> String {
        let width = self.percent.clamp(0.0, 100.0);
        let ticks = self.ticks.iter().flatten().filter(|tick| **tick < 100.0);
        let ticks: String = ticks.map(|tick| format!("<path d=\"M{tick} 0v6\"/>")).collect();
        format!(
            "<svg class=\"bar {}\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <rect width=\"{width}\" height=\"6\"/>{ticks}</svg>",
            self.class
        )
    }
}

/// A bar with its figure, and more about it.
pub(super) fn meter(bar: &Bar, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(" <span class=\"sub\">{more}</span>") };
    format!("<span class=\"meter\"><b>{}</b>{more}{}</span>", human::percent(bar.percent), bar.svg())
}

/// The bar of something that is counted in bytes.
pub(super) fn bytes(fill: Option<&Fill>, levels: Option<&Levels>) -> String {
    let Some(fill) = fill else {
        return String::new();
    };
    let bar = levels.map_or_else(|| Bar::plain(fill.percent), |levels| Bar::levels(fill.percent, levels));
    meter(&bar, &human::part(fill.used_bytes, fill.total_bytes))
}

/// Parts of a whole beside each other.
#[allow(clippy::cast_precision_loss)]
pub(super) fn stack(parts: &[(&str, usize)]) -> String {
    let all = parts.iter().map(|(_, n)| n).sum::<usize>().max(1) as f64;
    let mut x = 0.0;
    let mut rects = String::new();
    for (class, n) in parts.iter().filter(|(_, n)| *n > 0) {
        let width = *n as f64 / all * 100.0;
        rects.push_str(&format!("<rect class=\"{class}\" x=\"{x:.2}\" width=\"{width:.2}\" height=\"6\"/>"));
        x += width;
    }
    format!(
        "<svg class=\"bar stack\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{rects}</svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("<script>alert('x')&\"\n"), "&lt;script&gt;alert(&#39;x&#39;)&amp;&quot; ");
        assert_eq!(escape("a\u{202e}b\u{0}"), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn bars_stay_within_their_frame() {
        assert!(Bar::plain(250.0).svg().contains("width=\"100\""));
        assert!(Bar::plain(-1.0).svg().contains("width=\"0\""));
        assert!(stack(&[("ok", 0)]).ends_with("aria-hidden=\"true\"></svg>"));
    }
}
