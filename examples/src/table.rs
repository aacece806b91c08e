//! Plain aligned columns.

use console::{Alignment, Style, measure_text_width, pad_str};

/// Rows under a head, each column as wide as its widest cell, two spaces between them.
///
/// ```
/// let mut table = examples::table::Table::new(["VMID", "NAME"]).right(0);
/// table.row(["9000", "debian"]).row(["100", "web"]);
/// assert_eq!(table.plain(), "VMID  NAME\n9000  debian\n 100  web\n");
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    head: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns and no rows.
    #[must_use]
    pub fn new<H: Into<String>>(head: impl IntoIterator<Item = H>) -> Self {
        let head: Vec<String> = head.into_iter().map(Into::into).collect();
        Self { right: vec![false; head.len()], head, rows: Vec::new() }
    }

    /// Aligns a column to the right, as numbers are.
    #[must_use]
    pub fn right(mut self, column: usize) -> Self {
        if let Some(right) = self.right.get_mut(column) {
            *right = true;
        }
        self
    }

    /// Adds a row; cells beyond the columns are left out.
    pub fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) -> &mut Self {
        self.rows.push(cells.into_iter().map(|cell| one_line(&cell.into())).take(self.head.len()).collect());
        self
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Leaves out the columns in which no row has anything to say.
    ///
    /// ```
    /// let mut table = examples::table::Table::new(["A", "B", "C"]).right(2);
    /// table.row(["1", "", "2"]).row(["3", "", "10"]);
    /// assert_eq!(table.without_empty_columns().plain(), "A   C\n1   2\n3  10\n");
    /// ```
    #[must_use]
    pub fn without_empty_columns(self) -> Self {
        let used: Vec<usize> = (0..self.head.len())
            .filter(|&column| {
                self.rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()))
            })
            .collect();
        let keep = |cells: &[String]| {
            used.iter().map(|&column| cells.get(column).cloned().unwrap_or_default()).collect::<Vec<_>>()
        };
        Self {
            head: keep(&self.head),
            right: used.iter().map(|&column| self.right[column]).collect(),
            rows: self.rows.iter().map(|row| keep(row)).collect(),
        }
    }

    /// The text with a bold head where stdout is a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        self.render(&Style::new().bold())
    }

    /// The text without any styling.
    #[must_use]
    pub fn plain(&self) -> String {
        self.render(&Style::new().force_styling(false))
    }

    fn render(&self, head: &Style) -> String {
        let mut widths = vec![0; self.head.len()];
        for row in std::iter::once(&self.head).chain(&self.rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(measure_text_width(cell));
            }
        }
        let line = |cells: &[String]| {
            let mut text = String::new();
            for (i, cell) in cells.iter().enumerate() {
                let side = if self.right[i] { Alignment::Right } else { Alignment::Left };
                text.push_str(if i == 0 { "" } else { "  " });
                text.push_str(&pad_str(cell, widths[i], side, None));
            }
            text.trim_end().to_owned()
        };
        let mut text = format!("{}\n", head.apply_to(line(&self.head)));
        for row in &self.rows {
            text.push_str(&line(row));
            text.push('\n');
        }
        text
    }
}

/// Names and values in two columns, a line each.
///
/// ```
/// assert_eq!(examples::table::pairs([("cores", "2"), ("memory", "2048")]), "cores   2\nmemory  2048\n");
/// ```
#[must_use]
pub fn pairs<N: AsRef<str>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let pairs: Vec<(String, String)> =
        pairs.into_iter().map(|(name, value)| (name.as_ref().to_owned(), value.into())).collect();
    let width = pairs.iter().map(|(name, _)| measure_text_width(name)).max().unwrap_or(0);
    let bold = Style::new().bold();
    let mut text = String::new();
    for (name, value) in pairs {
        // Further lines of a value stand under its first.
        let value = value.trim_end().replace('\n', &format!("\n{}", " ".repeat(width + 2)));
        let name = pad_str(&name, width, Alignment::Left, None);
        text.push_str(format!("{}  {}", bold.apply_to(name), clean(&value)).trim_end());
        text.push('\n');
    }
    text
}

/// A cell is one line: a guest's description may hold many.
fn one_line(text: &str) -> String {
    clean(&text.trim_end().replace('\n', " ⏎ "))
}

/// Without control characters: what a server sends must not be able to write to the terminal by itself. Styles that this
/// program puts on a cell begin with the one sequence that is let through.
fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let style = rest
            .strip_prefix("\u{1b}[")
            .and_then(|after| after.find(|c: char| !c.is_ascii_digit() && c != ';').map(|end| (after, end)))
            .filter(|(after, end)| after[*end..].starts_with('m'))
            .map(|(_, end)| "\u{1b}[".len() + end + 1);
        let len = match style {
            Some(len) => {
                clean.push_str(&rest[..len]);
                len
            }
            None => {
                clean.push(if c.is_control() && c != '\n' { '\u{fffd}' } else { c });
                c.len_utf8()
            }
        };
        rest = &rest[len..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_styled_cells_stay_aligned() {
        let mut table = Table::new(["A", "B"]);
        table.row(["\u{1b}[32mrunning\u{1b}[0m", "x"]).row(["日本", "y"]).row(["two\nlines", "z"]);
        let text = console::strip_ansi_codes(&table.plain()).into_owned();
        assert_eq!(text, "A            B\nrunning      x\n日本         y\ntwo ⏎ lines  z\n");
    }

    #[test]
    fn a_server_cannot_write_to_the_terminal() {
        let mut table = Table::new(["A"]);
        table.row(["\u{1b}]0;title\u{7}\u{1b}[2J"]);
        assert_eq!(table.plain(), "A\n\u{fffd}]0;title\u{fffd}\u{fffd}[2J\n");
        assert_eq!(pairs([("k", "a\rb")]), "k  a\u{fffd}b\n");
    }

    #[test]
    fn long_values_hang_under_their_first_line() {
        assert_eq!(
            pairs([("description", "one\ntwo\n"), ("x", "")]),
            "description  one\n             two\nx\n"
        );
    }
}
