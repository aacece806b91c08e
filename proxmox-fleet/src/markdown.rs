//! The report as Markdown, as forges and wikis show it.

use crate::flag::Severity;
use crate::human;
use crate::report::{DiskRow, Fill, GuestRow, NodeCondition, NodeRow, Report, StorageRow};

impl Report {
    /// The report as Markdown with tables. What the server sent cannot leave its cell, nor be taken for markup.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from("# Fleet report\n\n");
        for source in &self.sources {
            let name = source.name.as_deref().map(|name| format!("{}: ", escape(name))).unwrap_or_default();
            let what = if source.unanswered.is_some() { "did not answer at" } else { "as of" };
            line(&mut text, &format!("{name}{what} {} UTC.  ", human::time(source.taken)));
        }
        line(&mut text, &format!("\n{}\n", sums(self)));
        attention(self, &mut text);
        tables(self, &mut text);
        text
    }
}

/// One sentence of sums.
fn sums(report: &Report) -> String {
    let sum = &report.summary;
    let template = if sum.templates == 1 { "template" } else { "templates" };
    let mut parts = vec![
        format!("{} of {} online", sum.nodes_online, human::count(sum.nodes, "node", "nodes")),
        format!("{} of {} running", sum.running, human::count(sum.guests, "guest", "guests")),
    ];
    for (count, what) in [(sum.stopped, "stopped"), (sum.templates, template), (sum.unknown, "**unknown**")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.extend(sum.memory.as_ref().map(|fill| format!("memory {}", used(Some(fill)))));
    parts.extend(sum.storage.as_ref().map(|fill| format!("storage {}", used(Some(fill)))));
    format!("{}.", parts.join(", "))
}

fn attention(report: &Report, text: &mut String) {
    text.push_str("## Attention\n\n");
    if report.flags.is_empty() {
        text.push_str("Nothing needs attention.\n\n");
        return;
    }
    let rows = report.flags.iter().map(|flag| {
        let severity = match flag.severity {
            Severity::Critical => "**critical**",
            other => other.as_str(),
        };
        [
            severity.to_owned(),
            escape(&flag.subject.to_string()),
            escape(&flag.sentence),
            format!("`{}`", flag.rule),
        ]
    });
    table(text, ["Severity", "About", "What", "Rule"], &[], rows);
}

fn tables(report: &Report, text: &mut String) {
    text.push_str("## Nodes\n\n");
    let head = ["Node", "State", "CPU", "Load", "Memory", "Swap", "Root", "Uptime", "Version"];
    table(text, head, &[2], report.nodes.iter().map(node));
    if !report.storages.is_empty() {
        text.push_str("## Storages\n\n");
        table(text, ["Storage", "Type", "On", "State", "Used"], &[], report.storages.iter().map(storage));
    }
    if !report.disks.is_empty() {
        text.push_str("## Disks\n\n");
        let head = ["Node", "Disk", "Type", "Model", "Size", "SMART", "Life left", "Used by"];
        table(text, head, &[4, 6], report.disks.iter().map(disk));
    }
    text.push_str("## Guests\n\n");
    for node in report.nodes.iter().filter(|node| !node.guests.is_empty()) {
        let state = match node.condition {
            NodeCondition::Online => String::new(),
            _ => format!(" ({}: what follows is unknown)", node.condition.as_str()),
        };
        line(text, &format!("### {}{state}\n", escape(&node.place())));
        let head = ["ID", "Name", "Type", "State", "CPU", "Memory", "Disk", "Uptime", "Address", "Tags"];
        table(text, head, &[0, 4, 6], node.guests.iter().map(guest));
    }
    if report.nodes.iter().all(|node| node.guests.is_empty()) {
        text.push_str("There are no guests.\n");
    }
    while text.ends_with("\n\n") {
        text.pop();
    }
}
fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Columns without any content are left out.
fn table<const N: usize>(
    text: &mut String,
    head: [&str; N],
    right: &[usize],
    rows: impl Iterator<Item = [String; N]>,
) {
    let rows: Vec<[String; N]> = rows.collect();
    let used: Vec<usize> = (0..N).filter(|&column| rows.iter().any(|row| !row[column].is_empty())).collect();
    for &column in &used {
        text.push_str(&format!("| {} ", head[column]));
    }
    line(text, "|");
    for column in &used {
        text.push_str(if right.contains(column) { "| --: " } else { "| --- " });
    }
    line(text, "|");
    for row in &rows {
        for &column in &used {
            text.push_str(&format!("| {} ", row[column]));
        }
        line(text, "|");
    }
    text.push('\n');
}

fn used(fill: Option<&Fill>) -> String {
    let show = |fill: &Fill| {
        let amount = human::part(fill.used_bytes, fill.total_bytes);
        format!("{} ({amount})", human::percent(fill.percent))
    };
    fill.map(show).unwrap_or_default()
}

fn node(node: &NodeRow) -> [String; 9] {
    let cpu = node.cpu_percent.map(|cpu| {
        let cpus = node.cpus.map(|cpus| format!(" of {cpus}")).unwrap_or_default();
        format!("{}{cpus}", human::percent(cpu))
    });
    let load: Vec<String> = node.load.iter().map(|load| format!("{load:.2}")).collect();
    [
        escape(&node.place()),
        node.condition.as_str().to_owned(),
        cpu.unwrap_or_default(),
        load.join(" "),
        used(node.memory.as_ref()),
        used(node.swap.as_ref()),
        used(node.rootfs.as_ref()),
        node.uptime.map(human::uptime).unwrap_or_default(),
        escape(node.version.as_deref().unwrap_or_default()),
    ]
}

fn storage(storage: &StorageRow) -> [String; 5] {
    [
        escape(&storage.place()),
        escape(&storage.kind),
        escape(&storage.where_it_is()),
        storage.state().to_owned(),
        used(storage.fill.as_ref()),
    ]
}

fn disk(disk: &DiskRow) -> [String; 8] {
    let text = |text: &Option<String>| escape(text.as_deref().unwrap_or_default());
    [
        escape(&disk.place()),
        escape(&disk.devpath),
        text(&disk.kind),
        text(&disk.model),
        disk.size_bytes.map(human::bytes).unwrap_or_default(),
        escape(disk.health.as_str()),
        disk.wearout_percent.map(|left| format!("{left} %")).unwrap_or_default(),
        text(&disk.used),
    ]
}

fn guest(guest: &GuestRow) -> [String; 10] {
    let lock = guest.lock.as_deref().map(|lock| format!(", locked ({})", escape(lock))).unwrap_or_default();
    let memory = guest.memory.as_ref().map(|memory| used(Some(memory)));
    [
        guest.vmid.to_string(),
        escape(guest.name.as_deref().unwrap_or_default()),
        guest.kind.noun().to_owned(),
        format!("{}{lock}", guest.condition.as_str()),
        guest.cpu_percent.map(human::percent).unwrap_or_default(),
        memory.or_else(|| guest.memory_bytes.map(human::bytes)).unwrap_or_default(),
        guest.disk_bytes.filter(|&size| size > 0).map(human::bytes).unwrap_or_default(),
        guest.uptime.map(human::uptime).unwrap_or_default(),
        guest.address_text(),
        escape(&guest.tags.join(" ")),
    ]
}

/// As text and nothing else: no end of its cell or line, no markup, no HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        // An underscore within a word is nothing but that.
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let inner = || word(text[..i].chars().next_back()) && word(text[i + 1..].chars().next());
        match c {
            '\\' | '|' | '`' | '*' | '[' | ']' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '_' if !inner() => escaped.push_str("\\_"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (text, escaped) in [
            ("a|b", r"a\|b"),
            ("a\\|b", r"a\\\|b"),
            ("two\nlines\r\n", "two lines  "),
            ("<script>&", "&lt;script&gt;&amp;"),
            ("shop_db _x_ *y* [z](u) `c`", r"shop_db \_x\_ \*y\* \[z\](u) \`c\`"),
            ("\u{1b}[2J", "\u{fffd}\\[2J"),
            ("größe_ü_", "größe_ü\\_"),
        ] {
            assert_eq!(escape(text), escaped, "{text:?}");
        }
    }
}
