//! A request as a command.

use std::path::PathBuf;

use proxmox_core::{Error, ErrorKind, Outcome, PveRequest, Result};

use super::upload;
use crate::shell::{Script, quote};

/// How `pvesh` is called on the node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// Become root by `sudo -n`.
    pub(crate) sudo: bool,
    /// Run the program itself, with its arguments on the command line, because sudo allows nothing else.
    pub(crate) program: bool,
    /// Let secrets be arguments of the program, where everybody on the node can read them.
    pub(crate) shown_secrets: bool,
    /// In front of all paths of the node's own files.
    pub(crate) root: PathBuf,
}

/// Ends the arguments. A connection that breaks while they are sent looks like their end to the node: without this it would
/// carry out what it has got so far.
const END: &str = "end of arguments";

/// What perl says when the last argument is not that.
pub(super) const CUT: &str = "proxmox-sdk: the arguments are cut";
/// What it says when the program is not there.
pub(super) const MISSING: &str = "proxmox-sdk: there is no";

impl Caller {
    /// The command for a request.
    ///
    /// Arguments go to a line of perl on its standard input, which runs the node's `pvesh` in its own process: no shell reads
    /// them, nothing limits their length, and the process list does not show them.
    pub(super) fn script(&self, request: &PveRequest) -> Result<Script> {
        let mut arguments = arguments(request)?;
        let pvesh = format!("{}/usr/bin/pvesh", self.root.display());
        let sudo = if self.sudo { "sudo -n " } else { "" };
        // Without a UTF-8 locale PVE stores other characters as U+FFFD; sudo lets the variable pass.
        let become_root = format!("LC_ALL=C.UTF-8 exec {sudo}");
        if self.program {
            if request.file.is_some() {
                let text =
                    "pvesh alone may be run on the node, and it takes a file only from the node itself";
                return Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, text)
                    .with_advice("use the tunnel (engine `tunnel`), or let sudo run perl"));
            }
            if request.params.has_secret() && !self.shown_secrets {
                let text = "the request holds a secret, and the arguments of pvesh are seen by everybody on the node";
                return Err(Error::new(ErrorKind::Refused, Outcome::NotSent, text)
                    .with_advice("let sudo run perl, use the tunnel, or allow it (allow_secret_arguments)"));
            }
            let words: Vec<String> = arguments.iter().map(|word| quote(word)).collect();
            return Ok(Script {
                line: format!("{become_root}{} {}", quote(&pvesh), words.join(" ")),
                input: Vec::new(),
            });
        }
        // Of the words in q(), the path is the only one that is not fixed.
        if pvesh.contains(|c: char| "()\\'".contains(c) || c.is_control()) {
            return Err(Error::invalid(
                "node_root",
                format!("node_root: {pvesh:?} holds a character that it cannot"),
            ));
        }
        let put = match &request.file {
            Some(file) => {
                let name = upload::name();
                arguments.extend(upload::arguments(file, &name));
                upload::perl(&self.root, &name)
            }
            None => String::new(),
        };
        let perl = format!(
            "{{local $/=\"\\0\"; chomp(@ARGV=<STDIN>)}} \
             (pop(@ARGV)//\"\") eq \"{END}\" or die \"{CUT}\\n\"; \
             {put}open STDIN,\"<\",\"/dev/null\"; \
             -r q({pvesh}) or die \"{MISSING} {pvesh}\\n\"; \
             do q({pvesh}); die $@ if $@"
        );
        let mut input = Vec::new();
        for word in arguments.iter().map(String::as_str).chain([END]) {
            input.extend_from_slice(word.as_bytes());
            input.push(0);
        }
        Ok(Script { line: format!("{become_root}perl -T -e {}", quote(&perl)), input })
    }
}

/// The arguments of `pvesh`: the path goes before the options, and names are whole, as it would take shorter ones as well.
fn arguments(request: &PveRequest) -> Result<Vec<String>> {
    let mut words = vec![request.verb.to_string(), request.path.as_str().to_owned()];
    for (name, value) in request.params.exposed() {
        if value.contains('\0') {
            return Err(Error::invalid(name, format!("{name}: no argument of a command can hold a NUL")));
        }
        // In one word: an empty value is then one as well, and one with a dash is none but a value.
        words.push(format!("--{name}={value}"));
    }
    words.extend(["--output-format".to_owned(), "json".to_owned()]);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;
    use proxmox_core::{PvePath, Secret};

    use super::*;

    fn request(params: &[(&str, &str)]) -> PveRequest {
        let path = PvePath::parse("/nodes/pve1/qemu/101/config").unwrap();
        params.iter().fold(PveRequest::set(path), |request, (name, value)| request.param(*name, *value))
    }

    /// A node whose `pvesh` prints its arguments, each with a NUL behind it.
    fn node() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("usr/bin")).unwrap();
        let pvesh = root.path().join("usr/bin/pvesh");
        std::fs::write(&pvesh, "#!/usr/bin/perl -T\nprint map { \"$_\\0\" } @ARGV;\n").unwrap();
        std::fs::set_permissions(&pvesh, std::fs::Permissions::from_mode(0o755)).unwrap();
        root
    }

    fn run(script: &Script) -> (String, String) {
        let output = ran(script);
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8(output.stderr).unwrap())
    }

    fn bytes(script: &Script) -> Vec<u8> {
        ran(script).stdout
    }

    fn ran(script: &Script) -> std::process::Output {
        let mut child = Command::new("sh")
            .args(["-c", &script.line])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&script.input).unwrap();
        child.wait_with_output().unwrap()
    }

    #[test]
    fn any_value_arrives_as_it_is() {
        let root = node();
        let both =
            [false, true].map(|program| Caller { program, root: root.path().into(), ..Caller::default() });
        let values = prop_oneof![
            "[^\0]{0,30}",
            Just("-n".to_owned()),
            Just("--x=1".to_owned()),
            Just("\n'\"$`\\".to_owned())
        ];
        proptest!(ProptestConfig::with_cases(48), |(first in values.clone(), second in values)| {
            let request = request(&[("description", &first), ("name", &second)]);
            for caller in &both {
                let (stdout, stderr) = run(&caller.script(&request).unwrap());
                let words: Vec<&str> = stdout.split_terminator('\0').collect();
                let (first, second) = (format!("--description={first}"), format!("--name={second}"));
                let wanted = ["set", "/nodes/pve1/qemu/101/config", &first, &second, "--output-format", "json"];
                prop_assert_eq!(&words, &wanted, "{}", stderr);
            }
        });
    }

    #[test]
    fn arguments_that_were_cut_are_not_carried_out() {
        let root = node();
        let caller = Caller { root: root.path().into(), ..Caller::default() };
        let mut script = caller.script(&request(&[("delete", "net0,net1")])).unwrap();
        let whole = script.input.clone();
        // The last NUL alone changes nothing.
        for end in 0..whole.len() - 1 {
            script.input = whole[..end].to_vec();
            let (stdout, stderr) = run(&script);
            assert!(stdout.is_empty() && stderr.starts_with(CUT), "{end}: {stdout:?} {stderr:?}");
        }
    }

    #[test]
    fn a_file_is_put_where_pvesh_takes_it_and_taken_away_again() {
        let root = node();
        let pvesh = root.path().join("usr/bin/pvesh");
        let shows = r#"#!/usr/bin/perl -T
            my ($name) = map { /^--tmpfilename=(.*)/s } @ARGV;
            my $root = "ROOT";
            open(my $file, '<:raw', "$root$name") or die "$name: $!";
            print join('|', @ARGV[2, 5], sprintf('%o', (stat $file)[2] & 07777), $name, do { local $/; <$file> });
            "#;
        std::fs::write(&pvesh, shows.replace("ROOT", &root.path().display().to_string())).unwrap();
        let caller = Caller { root: root.path().into(), ..Caller::default() };
        let content = b"\0a\nb\0\xff".repeat(100);
        let upload = PveRequest::create(PvePath::parse("/nodes/pve1/storage/local/upload").unwrap())
            .param("content", "iso")
            .file(proxmox_core::FilePart::new("a.iso", content.clone()));
        // Without the directory it cannot be put there, and nothing is sent.
        let (stdout, stderr) = run(&caller.script(&upload).unwrap());
        assert!(stdout.is_empty() && stderr.starts_with(upload::NO_ROOM), "{stderr}");
        std::fs::create_dir_all(root.path().join("var/tmp")).unwrap();
        let script = caller.script(&upload).unwrap();
        let (_, stderr) = run(&script);
        assert_eq!(stderr, "");
        let output = bytes(&script);
        let head = b"--content=iso|--filename=a.iso|600|/var/tmp/pveupload-";
        assert!(output.starts_with(head), "{}", String::from_utf8_lossy(&output));
        assert_eq!(&output[head.len() + 33..], content);
        assert_eq!(std::fs::read_dir(root.path().join("var/tmp")).unwrap().count(), 0);
        // Cut, it is not put there at all.
        let cut = Script { input: script.input[..script.input.len() - 9].to_vec(), line: script.line };
        assert!(run(&cut).1.starts_with(CUT));
        let program = Caller { program: true, ..caller };
        let error = program.script(&upload).err().unwrap();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent));
        assert!(error.advice().unwrap().contains("tunnel"));
    }

    #[test]
    fn a_node_without_pvesh_is_told() {
        let caller = Caller { root: "/no-such-root".into(), ..Caller::default() };
        let (stdout, stderr) = run(&caller.script(&request(&[])).unwrap());
        assert_eq!(
            (stdout.as_str(), stderr.as_str()),
            ("", "proxmox-sdk: there is no /no-such-root/usr/bin/pvesh\n")
        );
    }

    #[test]
    fn secrets_are_no_arguments() {
        let secret = request(&[]).param("cipassword", Secret::from("hunter2"));
        let script = Caller::default().script(&secret).unwrap();
        assert!(
            !script.line.contains("hunter2") && String::from_utf8_lossy(&script.input).contains("hunter2")
        );
        let shown = Caller { program: true, ..Caller::default() };
        let error = shown.script(&secret).err().unwrap();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent));
        assert!(!format!("{error:?}").contains("hunter2"));
        assert!(Caller { shown_secrets: true, ..shown }.script(&secret).unwrap().line.contains("hunter2"));
    }

    #[test]
    fn lines() {
        let sudo = Caller { sudo: true, ..Caller::default() };
        insta::assert_snapshot!(sudo.script(&request(&[("tags", "a")])).unwrap().line);
        let program = Caller { program: true, ..sudo };
        let line = program.script(&request(&[("tags", "a;b")])).unwrap().line;
        assert_eq!(
            line,
            "LC_ALL=C.UTF-8 exec sudo -n '/usr/bin/pvesh' 'set' '/nodes/pve1/qemu/101/config' '--tags=a;b' '--output-format' 'json'"
        );
        let error = Caller { root: "/a)b".into(), ..Caller::default() }.script(&request(&[])).err().unwrap();
        assert!(error.errors().contains_key("node_root"));
        let error = Caller::default().script(&request(&[("description", "a\0b")])).err().unwrap();
        assert!(error.errors().contains_key("description"));
    }
}
