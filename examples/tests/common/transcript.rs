//! Terminal sessions that the documents show: each is typed again, and must print what it printed.
//!
//! Numbers, times, addresses and ids may be others, and so may the widths of columns; words may not.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;

use super::clean;

/// Where sessions are typed.
#[derive(Default)]
pub(crate) struct Shell<'a> {
    /// What there is beside the usual programs: names and paths.
    pub(crate) programs: &'a [(&'a str, &'a str)],
    /// What is in its environment, beside the usual.
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// What lies in its directory: names and contents.
    pub(crate) files: &'a [(&'a str, &'a str)],
    /// What is called otherwise in the documents.
    pub(crate) called: &'a [(&'a str, &'a str)],
}

/// What stands before a block that only somebody's own hosts can answer.
const NOT_RUN: &str = "<!-- not run: ";

/// A block of ```` ```console ````: commands after `$ `, and what each printed.
#[derive(Debug)]
pub(crate) struct Session {
    /// Where it stands, for people.
    place: String,
    steps: Vec<Step>,
}

#[derive(Debug, Default)]
struct Step {
    command: String,
    printed: Vec<String>,
}

/// The sessions of a document of this repository that are to be run.
pub(crate) fn sessions(document: &str) -> Vec<Session> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join(document)).unwrap();
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut before = "";
    while let Some((number, line)) = lines.next() {
        if line == "```console" {
            let block = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            let session = Session::read(format!("{document}:{}", number + 1), block);
            if !before.starts_with(NOT_RUN) {
                found.push(session);
            }
        }
        if !line.is_empty() {
            before = line;
        }
    }
    found
}

impl Session {
    fn read<'a>(place: String, block: impl Iterator<Item = &'a str>) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        for line in block {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), printed: Vec::new() }),
                (None, Some(step)) => step.printed.push(line.to_owned()),
                (None, None) => panic!("{place}: a session begins with a command, not with {line:?}"),
            }
        }
        Self { place, steps }
    }

    /// Whether it is about one of these programs.
    pub(crate) fn is_about(&self, programs: &[&str]) -> bool {
        let word = self.steps.first().and_then(|step| step.command.split_whitespace().next());
        word.is_some_and(|word| programs.contains(&word))
    }

    /// Types it there.
    pub(crate) fn run(&self, shell: &Shell<'_>) {
        const END: &str = "-- end of a step --";
        let (bin, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        for (name, content) in shell.files {
            fs::write(home.path().join(name), content).unwrap();
        }
        for (name, path) in shell.programs {
            std::os::unix::fs::symlink(path, bin.path().join(name)).unwrap();
        }
        let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap());
        let mut script = String::new();
        for step in &self.steps {
            // The next command may ask for the exit code of this one.
            let command = &step.command;
            let _ = writeln!(script, "{{ {command}\n}} 2>&1\nlast=$?; echo; echo '{END}'; (exit $last)");
        }
        let mut bash = clean("bash");
        bash.args(["-c", &script]).current_dir(home.path()).env("PATH", path).stderr(Stdio::inherit());
        bash.envs(shell.environment.iter().copied());
        let mut output = String::from_utf8(bash.output().unwrap().stdout).unwrap();
        for (name, called) in shell.called {
            output = output.replace(name, called);
        }
        let end = format!("\n{END}\n");
        let mut outputs = output.split(end.as_str());
        for step in &self.steps {
            let printed: Vec<&str> = outputs.next().unwrap_or_default().lines().collect();
            let shown: Vec<&str> = step.printed.iter().map(String::as_str).collect();
            let (was, is) = (essence(&shown), essence(&printed));
            assert_eq!(was, is, "{}: `{}` prints now:\n{}", self.place, step.command, printed.join("\n"));
        }
    }
}

/// The lines without what differs from run to run.
fn essence(lines: &[&str]) -> Vec<String> {
    // How often progress is told depends on the time that it takes.
    let lasting = lines.iter().filter(|line| !line.contains(": transferred "));
    let lines = lasting.map(|line| essence_of(line)).filter(|line| !line.is_empty());
    lines.collect()
}

fn essence_of(line: &str) -> String {
    let digits = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    let hex = |word: &str| word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit());
    let unit = |word: &str| matches!(word, "B" | "KiB" | "MiB" | "GiB" | "TiB" | "ms" | "s" | "%" | "-");
    let separate = |c: char| !(c.is_ascii_alphanumeric() || c == '.');
    // UUIDs, and addresses of cards: parts of them may be letters alone.
    let id = |word: &str| {
        let separators = word.chars().filter(|c| matches!(c, '-' | ':')).count();
        let plain = word.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '-' | ':'));
        plain && matches!((word.len(), separators), (36, 4) | (17, 5))
    };
    let mut words = Vec::new();
    for word in line.split_whitespace() {
        if id(word.trim_end_matches(',')) {
            words.push("#".to_owned());
            continue;
        }
        let parts: Vec<String> = word
            .split_inclusive(separate)
            .map(|part| match part.strip_suffix(separate) {
                Some(text) if digits(text) || hex(text) => format!("#{}", &part[text.len()..]),
                None if digits(part) || hex(part) => "#".to_owned(),
                _ => part.to_owned(),
            })
            .collect();
        let word = parts.concat();
        // `1.3 s` in one run is `998 ms` in another.
        if unit(&word)
            && words.last().is_some_and(|last: &String| last.ends_with('#') || last.ends_with("(#"))
        {
            continue;
        }
        words.push(word);
    }
    words.join(" ")
}

#[test]
fn words_are_compared_and_numbers_are_not() {
    assert_eq!(
        essence_of("✓ clone         903 ms  VM 102 on pve1"),
        essence_of("✓ clone  1.3 s  VM 104 on pve1")
    );
    assert_eq!(essence_of("digest  b79c455ba45d94d0"), essence_of("digest b79c455ba45d94d1"));
    assert_eq!(essence_of("nic 52:54:00:C2:43:CF, on"), essence_of("nic 52:54:00:12:43:11, on"));
    assert_ne!(essence_of("VM 102: started"), essence_of("VM 102: stopped"));
}
