use crate::flag::Severity;

/// A table whose first column says what a row is about. Columns without any content are left out.
pub(super) struct Table {
    head: Vec<(&'static str, &'static str)>,
    rows: Vec<(Option<Severity>, Vec<String>)>,
}

impl Table {
    /// Columns with their titles and classes.
    pub(super) fn new<const N: usize>(head: [(&'static str, &'static str); N]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Cells are markup.
    pub(super) fn row<const N: usize>(&mut self, worst: Option<Severity>, cells: [String; N]) {
        self.rows.push((worst, cells.into()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn render(&self, page: &mut String) {
        let used: Vec<usize> = (0..self.head.len())
            .filter(|&column| self.rows.iter().any(|(_, cells)| !cells[column].is_empty()))
            .collect();
        page.push_str("<div class=\"table\"><table>\n<thead><tr>");
        for &column in &used {
            let (title, class) = self.head[column];
            page.push_str(&format!("<th scope=\"col\"{}>{title}</th>", with(class)));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for (worst, cells) in &self.rows {
            page.push_str(&format!("<tr{}>", with(worst.map_or("", Severity::as_str))));
            for &column in &used {
                let (title, class) = self.head[column];
                let (class, cell) = (with(class), &cells[column]);
                if column == 0 {
                    page.push_str(&format!("<th scope=\"row\"{class}>{cell}</th>"));
                } else if cell.is_empty() {
                    page.push_str("<td class=\"none\"></td>");
                } else {
                    // On a narrow screen there is no head over the cell.
                    page.push_str(&format!("<td{class} data-title=\"{title}\">{cell}</td>"));
                }
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table></div>\n");
    }
}

fn with(class: &str) -> String {
    if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") }
}
