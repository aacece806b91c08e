//! The few programs that are installed in a simulated guest.

use std::collections::BTreeMap;

use super::{Files, Owned};

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Finished {
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
    pub(crate) code: i32,
    /// Ended by a signal, which leaves no code.
    pub(crate) signal: Option<i32>,
    /// How long it ran.
    pub(crate) seconds: f64,
    /// Files that it made.
    pub(crate) written: Vec<(String, Vec<u8>)>,
}

/// What apt leaves behind, and knows by that there is nothing left to do.
const HISTORY: &str = "/var/log/apt/history.log";

/// A quick program takes this long.
const QUICK: f64 = 0.02;

/// Runs a program; `None` when it is not installed.
pub(crate) fn run(
    argv: &[String],
    input: &[u8],
    hostname: &str,
    files: &Files,
    owned: &BTreeMap<String, Owned>,
) -> Option<Finished> {
    let machine = Machine { input, hostname, files, owned };
    let mut finished = Finished { seconds: QUICK, ..Finished::default() };
    machine.program(argv, &mut finished).then_some(finished)
}

struct Machine<'a> {
    input: &'a [u8],
    hostname: &'a str,
    files: &'a Files,
    owned: &'a BTreeMap<String, Owned>,
}

impl Machine<'_> {
    /// False when there is no such program.
    fn program(&self, argv: &[String], done: &mut Finished) -> bool {
        let Some((program, args)) = argv.split_first() else {
            return false;
        };
        let name = program.rsplit('/').next().unwrap_or_default();
        let installed = !program.contains('/')
            || ["/bin/", "/usr/bin/"].iter().any(|dir| *program == format!("{dir}{name}"));
        if !installed {
            return false;
        }
        done.code = 0;
        match (name, args) {
            ("false", _) => done.code = 1,
            ("echo", args) => print(&mut done.out, &format!("{}\n", args.join(" "))),
            ("hostname", _) => print(&mut done.out, &format!("{}\n", self.hostname)),
            ("uname", args) => print(&mut done.out, &self.uname(args)),
            ("whoami", _) => print(&mut done.out, "root\n"),
            ("cat", args) => self.cat(args, done),
            ("sleep", args) => match args.iter().map(|a| a.parse::<f64>()).sum::<Result<f64, _>>() {
                Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => done.seconds += seconds,
                _ => {
                    print(&mut done.err, &format!("sleep: invalid time interval ‘{}’\n", args.join(" ")));
                    done.code = 1;
                }
            },
            ("seq", [last]) => {
                let last: u32 = last.parse().unwrap_or(0);
                (1..=last).for_each(|n| print(&mut done.out, &format!("{n}\n")));
            }
            ("sh" | "bash", [flag, script, ..]) if flag == "-c" => self.script(script, done),
            ("sh" | "bash", []) => self.script(&String::from_utf8_lossy(self.input), done),
            ("true" | "sh" | "bash", _) => {}
            ("env", args) => {
                let program = args.iter().position(|word| !word.contains('=')).unwrap_or(args.len());
                return program == args.len() || self.program(&args[program..], done);
            }
            ("stat", [flag, format, path]) if flag == "-c" && format == "%a %U %G" => self.stat(path, done),
            ("apt-get", args) => self.apt(args, done),
            _ => return false,
        }
        true
    }

    /// Permissions and owner of a file.
    fn stat(&self, path: &str, done: &mut Finished) {
        if !self.files.contains_key(path) {
            print(&mut done.err, &format!("stat: cannot statx '{path}': No such file or directory\n"));
            done.code = 1;
            return;
        }
        let of = self.owned.get(path).cloned().unwrap_or_default();
        print(&mut done.out, &format!("{:o} {} {}\n", of.perms, of.user, of.group));
    }

    /// Two packages of a fresh system are old.
    fn apt(&self, args: &[String], done: &mut Finished) {
        done.seconds += 1.0;
        match args.iter().map(String::as_str).find(|word| !word.starts_with('-')) {
            Some("update") => print(
                &mut done.out,
                "Hit:1 http://deb.debian.org/debian bookworm InRelease\nReading package lists...\n",
            ),
            Some("upgrade") => {
                let old = !self.files.contains_key(HISTORY);
                let n = if old { 2 } else { 0 };
                print(&mut done.out, "Reading package lists...\nBuilding dependency tree...\n");
                if old {
                    let text = "The following packages will be upgraded:\n  libssl3 openssl\n";
                    print(&mut done.out, text);
                    done.written.push((HISTORY.to_owned(), b"Upgrade: libssl3, openssl\n".to_vec()));
                }
                print(
                    &mut done.out,
                    &format!("{n} upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"),
                );
            }
            _ => {
                print(&mut done.err, &format!("E: Invalid operation {}\n", args.join(" ")));
                done.code = 100;
            }
        }
    }

    fn uname(&self, args: &[String]) -> String {
        let release = "6.1.0-28-cloud-amd64";
        match args.first().map(String::as_str) {
            Some("-r") => format!("{release}\n"),
            Some("-n") => format!("{}\n", self.hostname),
            Some("-m") => "x86_64\n".to_owned(),
            Some("-a") => format!("Linux {} {release} #1 SMP Debian x86_64 GNU/Linux\n", self.hostname),
            _ => "Linux\n".to_owned(),
        }
    }

    fn cat(&self, args: &[String], done: &mut Finished) {
        if args.is_empty() {
            done.out.extend(self.input);
        }
        for path in args {
            match (path.as_str(), self.files.get(path)) {
                ("-", _) => done.out.extend(self.input),
                (_, Some(content)) => done.out.extend(content),
                ("/etc/hostname", None) => print(&mut done.out, &format!("{}\n", self.hostname)),
                (_, None) => {
                    print(&mut done.err, &format!("cat: {path}: No such file or directory\n"));
                    done.code = 1;
                }
            }
        }
    }

    /// Commands separated by `;`, `&&` and `||`, with quotes, `>&2`, `exit N` and `kill -N $$`.
    fn script(&self, script: &str, done: &mut Finished) {
        for (joint, mut words) in commands(script) {
            match joint {
                Joint::And if done.code != 0 => continue,
                Joint::Or if done.code == 0 => continue,
                _ => {}
            }
            let to_err = words.iter().any(|w| w == ">&2" || w == "1>&2");
            words.retain(|w| w != ">&2" && w != "1>&2");
            match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["exit"] => return,
                ["exit", code] => {
                    done.code = code.parse().unwrap_or(2);
                    return;
                }
                ["kill", signal, "$$"] => {
                    done.signal = signal.trim_start_matches('-').parse().ok();
                    return;
                }
                _ => {}
            }
            let mut one = Finished::default();
            if !self.program(&words, &mut one) {
                one.err = format!("sh: 1: {}: not found\n", words.first().map_or("", String::as_str)).into();
                one.code = 127;
            }
            if to_err { &mut done.err } else { &mut done.out }.extend(one.out);
            done.err.extend(one.err);
            done.written.extend(one.written);
            done.code = one.code;
            done.signal = one.signal;
            done.seconds += one.seconds;
        }
    }
}

fn print(to: &mut Vec<u8>, text: &str) {
    to.extend(text.as_bytes());
}

#[derive(Clone, Copy)]
enum Joint {
    Then,
    And,
    Or,
}

/// Takes a script apart.
fn commands(script: &str) -> Vec<(Joint, Vec<String>)> {
    let mut commands = vec![(Joint::Then, Vec::new())];
    let (mut word, mut in_word, mut quote) = (String::new(), false, None);
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        let joint = match (quote, c) {
            (Some(q), c) if c == q => {
                quote = None;
                continue;
            }
            (None, '\'' | '"') => {
                (quote, in_word) = (Some(c), true);
                continue;
            }
            (Some('"') | None, '\\') => {
                word.extend(chars.next());
                in_word = true;
                continue;
            }
            (None, ';' | '\n') => Some(Joint::Then),
            (None, '&') if !in_word && chars.next_if_eq(&'&').is_some() => Some(Joint::And),
            (None, '|') if !in_word && chars.next_if_eq(&'|').is_some() => Some(Joint::Or),
            (None, c) if c.is_whitespace() => None,
            (_, c) => {
                word.push(c);
                in_word = true;
                continue;
            }
        };
        if let (true, Some((_, words))) = (in_word, commands.last_mut()) {
            words.push(std::mem::take(&mut word));
            in_word = false;
        }
        if let Some(joint) = joint {
            commands.push((joint, Vec::new()));
        }
    }
    if let (true, Some((_, words))) = (in_word, commands.last_mut()) {
        words.push(word);
    }
    commands.retain(|(_, words)| !words.is_empty());
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(argv: &[&str], input: &str) -> Option<Finished> {
        let argv: Vec<_> = argv.iter().map(|&a| a.to_owned()).collect();
        let files = Files::from([("/tmp/x".to_owned(), "héllo".into())]);
        run(&argv, input.as_bytes(), "tiny", &files, &BTreeMap::new())
    }

    #[test]
    fn programs() {
        assert_eq!(go(&["echo", "a b", "c"], "").unwrap().out, "a b c\n".as_bytes());
        assert_eq!(go(&["/bin/cat"], "in\nput ü").unwrap().out, "in\nput ü".as_bytes());
        assert_eq!(go(&["cat", "/tmp/x"], "").unwrap().out, "héllo".as_bytes());
        assert_eq!(go(&["cat", "/nope"], "").unwrap().code, 1);
        assert_eq!(go(&["hostname"], "").unwrap().out, "tiny\n".as_bytes());
        assert_eq!(go(&["false"], "").unwrap().code, 1);
        assert!(go(&["/bin/sleep", "4"], "").unwrap().seconds > 4.0);
        for missing in [&["/bin/nosuch"][..], &["echo hello world"], &["/opt/echo"], &[]] {
            assert_eq!(go(missing, ""), None, "{missing:?}");
        }
    }

    #[test]
    fn scripts() {
        let done = go(&["/bin/sh", "-c", "echo hi; echo err >&2; exit 3"], "").unwrap();
        assert_eq!((done.out.as_slice(), done.err.as_slice(), done.code), (&b"hi\n"[..], &b"err\n"[..], 3));
        let done = go(&["sh", "-c", "false && echo no || echo 'y e s'; echo \"a;b\""], "").unwrap();
        assert_eq!((done.out.as_slice(), done.code), (&b"y e s\na;b\n"[..], 0));
        let done = go(&["sh", "-c", "nosuch"], "").unwrap();
        assert_eq!((done.err.as_slice(), done.code), (&b"sh: 1: nosuch: not found\n"[..], 127));
        assert_eq!(go(&["sh", "-c", "kill -9 $$"], "").unwrap().signal, Some(9));
        assert!(go(&["sh", "-c", "sleep 2; sleep 1"], "").unwrap().seconds > 3.0);
    }

    #[test]
    fn what_apt_has_done_is_done() {
        let mut inside = super::super::Inside::default();
        let argv = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy", "upgrade"].map(str::to_owned);
        for upgraded in ["\n2 upgraded", "\n0 upgraded"] {
            let done = inside.run(&argv, b"", "tiny").unwrap();
            assert!(String::from_utf8(done.out).unwrap().contains(upgraded));
        }
    }
}
