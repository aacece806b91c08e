//! What the script on the node says.

use proxmox_core::guest::GuestData;
use proxmox_core::{Effect, Error, ErrorKind, Outcome, Pct, PctRequest, PveResponse, Result, classify};
use serde_json::json;

use crate::pvesh::not_pve;
use crate::shell::Ended;

/// What comes before the answer, and after whatever a login prints.
const MARK: &[u8] = b"\0proxmox-sdk pct: ";

/// The answer, or the error that it is.
pub(super) fn read(pct: &PctRequest, effect: Effect, ended: &Ended) -> Result<PveResponse> {
    let Some(at) = ended.stdout.windows(MARK.len()).position(|bytes| bytes == MARK) else {
        return Err(unheard(effect, ended));
    };
    let said = &ended.stdout[at + MARK.len()..];
    let (head, parts) = match said.iter().position(|b| *b == b'\n') {
        Some(end) => (String::from_utf8_lossy(&said[..end]), &said[end + 1..]),
        None => return Err(cut(effect)),
    };
    let unsent = |kind, text: String| Err(Error::new(kind, Outcome::NotSent, text));
    let (word, rest) = head.split_once(' ').unwrap_or((&head, ""));
    match word {
        "done" => done(pct, effect, &Done::read(rest, parts).ok_or_else(|| cut(effect))?),
        "elsewhere" => {
            let text = format!(
                "CT {} is on node {}, and `pct` works only on the node where it runs, which is {rest} here",
                pct.vmid, pct.node
            );
            let advice = format!("connect over ssh to node {}, or run on it", pct.node);
            unsent(ErrorKind::Unsupported, text).map_err(|e| e.with_advice(advice))
        }
        "nothing" => unsent(
            ErrorKind::Unsupported,
            "this is no node of Proxmox VE, or it has no containers: there is no /usr/sbin/pct".to_owned(),
        ),
        "cut" => unsent(ErrorKind::Connect, "the connection broke while the request was sent".to_owned()),
        "long" => Err(Error::new(
            ErrorKind::InvalidInput,
            Outcome::Rejected,
            format!("the file is longer than {} MiB, and is not read", Pct::LONGEST >> 20),
        )
        .with_advice("read it in parts, by a program in the container")),
        "unable" => unsent(ErrorKind::Unexpected, format!("the node has no room for the request: {rest}")),
        _ => Err(cut(effect)),
    }
}

/// How `pct` ended.
struct Done<'a> {
    exit: i32,
    cut: [bool; 2],
    out: &'a [u8],
    err: &'a [u8],
    content: &'a [u8],
}

impl<'a> Done<'a> {
    /// `None` when it is not whole.
    fn read(head: &str, parts: &'a [u8]) -> Option<Self> {
        let numbers: Vec<usize> =
            head.split(' ').map(str::parse).collect::<std::result::Result<_, _>>().ok()?;
        let &[exit, out_cut, err_cut, out, err, content] = numbers.as_slice() else {
            return None;
        };
        let (out, rest) = parts.split_at_checked(out)?;
        let (err, rest) = rest.split_at_checked(err)?;
        (rest.len() == content).then_some(())?;
        let exit = i32::try_from(exit).ok()?;
        Some(Self { exit, cut: [out_cut != 0, err_cut != 0], out, err, content: rest })
    }
}

fn done(pct: &PctRequest, effect: Effect, done: &Done<'_>) -> Result<PveResponse> {
    let stderr = String::from_utf8_lossy(done.err);
    let stderr = stderr.trim();
    let data = match &pct.what {
        Pct::Exec(_) => {
            if let Some(error) = not_begun(pct, effect, done, stderr) {
                return Err(error);
            }
            json!({
                "exitcode": done.exit,
                "out-data": GuestData::from(done.out.to_vec()),
                "err-data": GuestData::from(done.err.to_vec()),
                "out-truncated": i32::from(done.cut[0]),
                "err-truncated": i32::from(done.cut[1]),
            })
        }
        // A worker does it, and what that dies of does not reach the exit code.
        _ if done.exit != 0 || !stderr.is_empty() => return Err(file_failed(effect, done.exit, stderr)),
        Pct::Pull { .. } => json!(GuestData::from(done.content.to_vec())),
        _ => json!(null),
    };
    Ok(PveResponse::bare(data.to_string()).answering(effect))
}

/// What `pct` says before there is a program. Its exit codes are left over from whatever it did before, so its words count: they are all
/// that there is then.
fn not_begun(pct: &PctRequest, effect: Effect, done: &Done<'_>, stderr: &str) -> Option<Error> {
    if done.exit == 0 || !done.out.is_empty() {
        return None;
    }
    let absent = format!("/lxc/{}.conf' does not exist", pct.vmid);
    if stderr == format!("container '{}' not running!", pct.vmid) {
        return Some(classify(effect, 500, stderr, b"").with_advice("start it first"));
    }
    if stderr.starts_with("Configuration file '") && stderr.ends_with(&absent) {
        return Some(classify(effect, 500, stderr, b""));
    }
    if stderr == "please run as root" {
        return Some(for_root_alone());
    }
    // A program that is not there is a result, as in a shell.
    let attach = format!("lxc-attach: {}: ", pct.vmid);
    let attached = matches!(done.exit, 126 | 127) || stderr.is_empty();
    (!attached && stderr.lines().all(|line| line.starts_with(&attach))).then(|| {
        Error::new(ErrorKind::Unexpected, maybe(effect), format!("nothing gets into the container: {stderr}"))
    })
}

/// Why a file was neither written nor read, or whether nobody knows.
fn file_failed(effect: Effect, exit: i32, stderr: &str) -> Error {
    if stderr == "please run as root" {
        return for_root_alone();
    }
    let text = if stderr.is_empty() { format!("pct ends with {exit}") } else { stderr.to_owned() };
    // These are said before a byte is written. Behind others there may be an empty file.
    let harmless = [
        "Configuration file '",
        "can only p",
        "can't lock file",
        "failed to create file",
        "failed to get ",
        "failed to open",
        "invalid mode",
        "trying to acquire lock",
    ];
    let error = classify(effect, 500, &text, b"");
    if harmless.iter().any(|words| text.starts_with(words)) {
        error
    } else {
        error.with_outcome(maybe(effect))
    }
}

fn for_root_alone() -> Error {
    Error::new(ErrorKind::PermissionDenied, Outcome::NotSent, "pct is for root alone")
        .with_advice("log in as root, or with sudo")
}

/// The script did not come to an answer: others than PVE say why.
fn unheard(effect: Effect, ended: &Ended) -> Error {
    let stderr = String::from_utf8_lossy(&ended.stderr);
    not_pve(ended.exit, &stderr, effect).unwrap_or_else(|| {
        let last = stderr.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it says nothing");
        let text = format!("perl on the node ends with {}: {last}", ended.exit);
        Error::new(ErrorKind::Unexpected, maybe(effect), text)
    })
}

fn cut(effect: Effect) -> Error {
    Error::decode(maybe(effect), "the node's answer is not complete")
}

fn maybe(effect: Effect) -> Outcome {
    if effect == Effect::Read { Outcome::Rejected } else { Outcome::MaybeApplied }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pct::tests::pct;
    use proxmox_core::Push;
    use proxmox_core::guest::{Exec, ExecResult};

    fn ended(said: &str) -> Ended {
        Ended { exit: 0, stdout: format!("Welcome!\n\0proxmox-sdk pct: {said}").into(), stderr: Vec::new() }
    }

    fn done_with(exit: i32, out: &str, err: &str) -> Ended {
        ended(&format!("done {exit} 0 0 {} {} 0\n{out}{err}", out.len(), err.len()))
    }

    fn exec() -> PctRequest {
        pct(&Pct::Exec(Exec::new(["x"])))
    }

    fn push() -> PctRequest {
        pct(&Pct::Push(Push::new("/x", "y")))
    }

    #[test]
    fn the_end_of_a_program() {
        for (said, code, out, err) in [
            (done_with(3, "a\n", "b"), 3, "a\n", "b"),
            // The program's own words, whatever they look like.
            (
                done_with(255, "x", "container '200' not running!\n"),
                255,
                "x",
                "container '200' not running!\n",
            ),
            (done_with(255, "", "container '201' not running!\n"), 255, "", "container '201' not running!\n"),
            (done_with(127, "", "lxc-attach: 200: x\n"), 127, "", "lxc-attach: 200: x\n"),
            (done_with(1, "", ""), 1, "", ""),
            (done_with(0, "", "please run as root"), 0, "", "please run as root"),
        ] {
            let result: ExecResult = read(&exec(), Effect::Write, &said).unwrap().decode().unwrap();
            assert_eq!(result.exit_code, Some(code));
            assert_eq!((result.stdout.text().as_ref(), result.stderr.text().as_ref()), (out, err));
        }
    }

    #[test]
    fn what_went_wrong() {
        use ErrorKind as K;
        use Outcome as O;
        let raw = |exit, stderr: &str| Ended { exit, stdout: b"hi\n".to_vec(), stderr: stderr.into() };
        let pull = pct(&Pct::Pull { path: "/x".to_owned() });
        for (pct, effect, ended, kind, outcome) in [
            (
                exec(),
                Effect::Write,
                done_with(2, "", "container '200' not running!\n"),
                K::WrongState,
                O::Rejected,
            ),
            (
                exec(),
                Effect::Write,
                done_with(2, "", "Configuration file 'nodes/pve1/lxc/200.conf' does not exist\n"),
                K::NotFound,
                O::Rejected,
            ),
            (
                exec(),
                Effect::Write,
                done_with(1, "", "lxc-attach: 200: no init\n"),
                K::Unexpected,
                O::MaybeApplied,
            ),
            (
                exec(),
                Effect::Write,
                done_with(255, "", "please run as root\n"),
                K::PermissionDenied,
                O::NotSent,
            ),
            (
                push(),
                Effect::Write,
                done_with(255, "", "please run as root\n"),
                K::PermissionDenied,
                O::NotSent,
            ),
            (
                push(),
                Effect::Write,
                done_with(0, "", "failed to get uid for: bob\n"),
                K::InvalidInput,
                O::Rejected,
            ),
            (
                push(),
                Effect::Write,
                done_with(0, "", "failed to change file owner: Operation not permitted\n"),
                K::Unexpected,
                O::MaybeApplied,
            ),
            (push(), Effect::Write, done_with(13, "", ""), K::Unexpected, O::MaybeApplied),
            (
                pull.clone(),
                Effect::Read,
                done_with(0, "", "failed to open /x: No such file or directory\n"),
                K::NotFound,
                O::Rejected,
            ),
            (pull.clone(), Effect::Read, done_with(0, "", "odd\n"), K::Unexpected, O::Rejected),
            (pull, Effect::Read, ended("long\n"), K::InvalidInput, O::Rejected),
            (exec(), Effect::Write, ended("cut\n"), K::Connect, O::NotSent),
            (exec(), Effect::Write, ended("nothing\n"), K::Unsupported, O::NotSent),
            (exec(), Effect::Write, ended("unable No space left on device\n"), K::Unexpected, O::NotSent),
            (exec(), Effect::Write, ended("elsewhere pve7\n"), K::Unsupported, O::NotSent),
            (exec(), Effect::Write, ended("done 0 0 0 5 0 0\nabc"), K::Decode, O::MaybeApplied),
            (exec(), Effect::Write, ended("done 0 0 0 1 0 0\nabc"), K::Decode, O::MaybeApplied),
            (exec(), Effect::Write, ended("don"), K::Decode, O::MaybeApplied),
            (
                exec(),
                Effect::Write,
                raw(1, "sudo: a password is required\n"),
                K::PermissionDenied,
                O::NotSent,
            ),
            (exec(), Effect::Write, raw(127, "sh: 1: exec: perl: not found\n"), K::Unsupported, O::NotSent),
            (exec(), Effect::Write, raw(124, ""), K::Timeout, O::MaybeApplied),
            (exec(), Effect::Write, raw(9, "odd\n"), K::Unexpected, O::MaybeApplied),
        ] {
            let error = read(&pct, effect, &ended).err().unwrap();
            assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{error} {ended:?}");
        }
        let error = read(&exec(), Effect::Write, &ended("elsewhere pve7\n")).err().unwrap();
        assert!(error.message().contains("node pve1") && error.message().contains("pve7"), "{error}");
        assert!(error.advice().unwrap().contains("node pve1"), "{error:?}");
    }
}
