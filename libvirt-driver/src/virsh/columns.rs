//! Tables: read only where virsh prints nothing better.

use super::form::{Read, Unread};

/// The rows of a table whose head has these names. Each cell begins under its name, whatever spaces are in it.
pub(super) fn table<const N: usize>(output: &str, head: [&str; N]) -> Read<Vec<[String; N]>> {
    let mut lines = output.lines();
    let first = lines.next().unwrap_or_default();
    let mut starts = [0; N];
    let mut from = 0;
    for (start, name) in starts.iter_mut().zip(head) {
        let at = first.get(from..).and_then(|rest| rest.find(name));
        let at = at.ok_or_else(|| Unread::Malformed(format!("the table has no column {name:?}")))?;
        *start = from + at;
        from = *start + name.len();
    }
    let rule = lines.next().unwrap_or_default();
    if rule.is_empty() || !rule.bytes().all(|byte| byte == b'-') {
        return Err(Unread::Malformed("the table has no line under its head".to_owned()));
    }
    lines.take_while(|line| !line.is_empty()).map(|line| row(line, &starts)).collect()
}

fn row<const N: usize>(line: &str, starts: &[usize; N]) -> Read<[String; N]> {
    let chars: Vec<char> = line.chars().collect();
    let mut cells = [const { String::new() }; N];
    for (i, cell) in cells.iter_mut().enumerate() {
        let start = starts[i].min(chars.len());
        let end = starts.get(i + 1).map_or(chars.len(), |end| (*end).min(chars.len()));
        // Characters that are two wide move what comes behind them.
        if start > 0 && start < chars.len() && chars[start - 1] != ' ' {
            return Err(Unread::Malformed(format!("a row does not stand under its head: {line:?}")));
        }
        let text: String = chars[start..end].iter().collect();
        text.trim_end().clone_into(cell);
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_under_their_heads() {
        let table_text = " Name          Path\n---------------------------\n a  b.raw      /pool/a  b.raw\n -n ö.raw      /pool/-n ö.raw\n\n";
        let rows = table(table_text, ["Name", "Path"]).unwrap();
        assert_eq!(rows, [["a  b.raw", "/pool/a  b.raw"], ["-n ö.raw", "/pool/-n ö.raw"]]);
        assert_eq!(table(" Name   Path\n---\n\n", ["Name", "Path"]).unwrap(), [[""; 2]; 0]);
    }

    #[test]
    fn what_is_no_such_table_is_refused() {
        for text in ["", "\n", " Name\n----\n a\n", " Name   Path\n a   /a\n"] {
            assert!(table(text, ["Name", "Path"]).is_err(), "{text:?}");
        }
        // Wide characters: the path has moved to the left.
        assert!(table(" Name   Path\n-----\n 漢字  /p/漢字\n", ["Name", "Path"]).is_err());
    }
}
