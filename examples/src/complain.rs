//! Errors as people meet them: `error: …`, `hint: …`, on stderr.

use console::Style;
use proxmox_core::{Error, ErrorKind};

/// An error as lines for stderr.
///
/// The last lines of a failed task's log and the task's UPID follow the sentence, for they say more than it.
#[must_use]
pub fn lines(error: &Error) -> String {
    sentence_and_rest(&error.to_string(), error)
}

/// The same where several might have failed: with the one that has.
#[must_use]
pub fn lines_about(who: &str, error: &Error) -> String {
    let sentence = error.to_string();
    let named = sentence.starts_with(&format!("{who}: "));
    sentence_and_rest(&if named { sentence } else { format!("{who}: {sentence}") }, error)
}

fn sentence_and_rest(sentence: &str, error: &Error) -> String {
    let mut text = self::error(sentence);
    // The log ends with the sentence that has just been said.
    let new =
        |line: &&String| line.strip_prefix("TASK ERROR: ").is_none_or(|end| !error.message().ends_with(end));
    for line in error.task_log().iter().filter(new) {
        text.push_str(&format!("  | {}\n", printable(line)));
    }
    if let Some(upid) = error.upid() {
        text.push_str(&format!("  task {upid}\n"));
    }
    if let Some(advice) = advice(error) {
        text.push_str(&format!(
            "{} {}\n",
            Style::new().for_stderr().cyan().bold().apply_to("hint:"),
            printable(&advice)
        ));
    }
    text
}

/// The error's own advice, and the option that follows it where there is one.
#[must_use]
pub fn advice(error: &Error) -> Option<String> {
    let advice = error.advice()?;
    let forceable = error.kind() == ErrorKind::Refused && advice.contains("force it");
    let allowable = error.kind() == ErrorKind::Refused && advice.contains("let the policy allow");
    Some(match (forceable, allowable) {
        (true, _) => format!("{advice} (--force)"),
        (_, true) => format!("{advice} (--allow)"),
        // Whoever calls a method has it by that name, and here it is an option.
        _ => advice.replace("(then_stop)", "(--then-stop)"),
    })
}

/// An error that is only a sentence, as a line for stderr.
#[must_use]
pub fn error(text: &str) -> String {
    format!("{} {}\n", Style::new().for_stderr().red().bold().apply_to("error:"), printable(text))
}

/// A warning as a line for stderr.
#[must_use]
pub fn warning(text: &str) -> String {
    format!("{} {}\n", Style::new().for_stderr().yellow().bold().apply_to("warning:"), printable(text))
}

/// On one line, and without what would write to the terminal by itself.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use proxmox_core::Outcome;

    use super::*;

    #[test]
    fn an_error_and_what_to_do_about_it() {
        let error = Error::new(ErrorKind::Locked, Outcome::Rejected, "VM is locked\n(clone)\u{1b}[2J")
            .during("guest.start")
            .about("VM 100 on node pve1");
        assert_eq!(
            lines(&error),
            "error: guest.start (VM 100 on node pve1): VM is locked (clone)[2J\n\
             hint: wait for the task that holds the lock to end\n"
        );
    }

    #[test]
    fn whoever_has_failed_is_named_once() {
        let error = Error::new(ErrorKind::Connect, Outcome::NotSent, "refused");
        let text = |error: &Error| lines_about("region eu", error).lines().next().unwrap().to_owned();
        assert_eq!(text(&error), "error: region eu: refused");
        assert_eq!(text(&error.about("region eu")), "error: region eu: refused");
    }

    #[test]
    fn a_failed_task_shows_its_log() {
        let error = Error::new(ErrorKind::TaskFailed, Outcome::Rejected, "the task failed: no space")
            .with_task_log(vec![
                "create full clone".into(),
                "TASK ERROR: no space".into(),
                "TASK ERROR: else".into(),
            ])
            .with_upid("UPID:pve1:00007073:000445CD:6B00C445:qmclone:100:root@pam:".parse().unwrap());
        assert_eq!(
            lines(&error),
            "error: the task failed: no space\n  | create full clone\n  | TASK ERROR: else\n  \
             task UPID:pve1:00007073:000445CD:6B00C445:qmclone:100:root@pam:\n"
        );
    }
}
