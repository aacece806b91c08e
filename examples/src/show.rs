//! Any JSON as something readable: lists of objects as tables, objects as names and values.

use std::cmp::Reverse;

use serde_json::{Map, Value};

use crate::human;
use crate::table::{Table, pairs};

/// What identifies a row, in the order in which it is shown first.
const FIRST: [&str; 14] = [
    "vmid", "id", "name", "userid", "node", "storage", "volid", "iface", "key", "n", "type", "status",
    "subdir", "upid",
];

/// Keys whose numbers are bytes.
const SIZES: [&str; 17] = [
    "mem",
    "maxmem",
    "memhost",
    "disk",
    "maxdisk",
    "diskread",
    "diskwrite",
    "netin",
    "netout",
    "size",
    "total",
    "used",
    "avail",
    "free",
    "freemem",
    "balloon_min",
    "swap",
];

/// Text for a person, and the columns that did not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text, empty for `null`.
    pub text: String,
    /// Names of columns that are left out because the lines would be too long.
    pub left_out: Vec<String>,
}

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self { text, left_out: Vec::new() }
    }
}

/// Makes an answer readable within lines of `width`.
///
/// ```
/// let json = serde_json::json!([{"mem": 1073741824, "vmid": 100}, {"vmid": 9000}]);
/// assert_eq!(examples::show::value(&json, 80).text, "vmid    mem\n 100  1 GiB\n9000\n");
/// ```
#[must_use]
pub fn value(value: &Value, width: usize) -> Shown {
    match value {
        Value::Null => String::new().into(),
        Value::Object(object) => pairs(flat(object)).into(),
        Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => list(rows, width),
        Value::Array(items) => {
            items.iter().map(|item| format!("{}\n", text("", item))).collect::<String>().into()
        }
        scalar => format!("{}\n", text("", scalar)).into(),
    }
}

/// One level of objects within is written as `memory.total`.
fn flat(object: &Map<String, Value>) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (key, value) in object {
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                lines.extend(inner.iter().map(|(k, v)| (format!("{key}.{k}"), text(k, v))));
            }
            value => lines.push((key.clone(), text(key, value))),
        }
    }
    lines
}

fn list(rows: &[Value], width: usize) -> Shown {
    let mut columns: Vec<&str> = Vec::new();
    for key in rows.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if !columns.contains(&key.as_str()) {
            columns.push(key);
        }
    }
    // What says who a row is comes first, then what most rows have.
    columns.sort_by_key(|key| {
        let place = FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len());
        let have = rows.iter().filter(|row| row.get(key).is_some()).count();
        (place, Reverse(have), *key)
    });
    let cells = |column: &str| -> Vec<String> {
        rows.iter().map(|row| row.get(column).map_or_else(String::new, |v| text(column, v))).collect()
    };
    let (mut used, mut kept, mut left_out) = (0, Vec::new(), Vec::new());
    for column in columns {
        let cells = cells(column);
        let widest = cells.iter().map(|cell| console::measure_text_width(cell)).max().unwrap_or(0);
        let needs = widest.max(column.len()) + 2;
        if kept.is_empty() || used + needs <= width + 2 {
            used += needs;
            kept.push((column, cells));
        } else {
            left_out.push(column.to_owned());
        }
    }
    let mut table = Table::new(kept.iter().map(|(column, _)| *column));
    for (i, (column, _)) in kept.iter().enumerate() {
        let numbers = rows.iter().filter_map(|row| row.get(*column)).all(Value::is_number);
        if numbers {
            table = table.right(i);
        }
    }
    for i in 0..rows.len() {
        table.row(kept.iter().map(|(_, cells)| cells[i].as_str()));
    }
    Shown { text: table.text(), left_out }
}

/// One value on its own.
fn text(key: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(n) => match n.as_i64() {
            Some(bytes) if SIZES.contains(&key) => human::bytes(bytes),
            Some(seconds) if key == "uptime" => human::uptime(seconds),
            Some(unix) if matches!(key, "starttime" | "endtime" | "ctime") => human::time(unix),
            None => n.as_f64().map_or_else(|| n.to_string(), short),
            _ => n.to_string(),
        },
        other => other.to_string(),
    }
}

/// Four digits after the point are enough to read.
fn short(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_flattened_once() {
        let node = json!({"uptime": 7260, "memory": {"total": 1024, "deep": {"x": 1}}, "loadavg": ["1.0", "2.0"], "none": null});
        let mut lines: Vec<_> = value(&node, 80).text.lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(
            lines,
            [
                "loadavg       [\"1.0\",\"2.0\"]",
                "memory.deep   {\"x\":1}",
                "memory.total  1 KiB",
                "none",
                "uptime        2h 1m",
            ]
        );
    }

    #[test]
    fn lists_keep_what_fits() {
        let rows = json!([{"zeta": "a long text in a cell", "vmid": 100, "alpha": "x"}, {"vmid": 101, "type": "qemu"}]);
        let shown = value(&rows, 20);
        assert_eq!(shown.text, "vmid  type  alpha\n 100        x\n 101  qemu\n");
        assert_eq!(shown.left_out, ["zeta"]);
        assert!(value(&rows, 80).left_out.is_empty());
    }

    #[test]
    fn everything_else() {
        assert_eq!(value(&json!(null), 80).text, "");
        assert_eq!(value(&json!("UPID:x"), 80).text, "UPID:x\n");
        assert_eq!(value(&json!(["a", 1]), 80).text, "a\n1\n");
        assert_eq!(value(&json!([]), 80).text, "");
        assert_eq!(value(&json!([0.030311, 0.0, 2.5]), 80).text, "0.0303\n0\n2.5\n");
    }
}
