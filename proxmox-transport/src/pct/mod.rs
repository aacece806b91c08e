//! `pct` on a node: what PVE's API does not have, for whoever runs commands there.
//!
//! A script of Perl runs it there. All that varies goes to the script on its standard input, so no shell reads it and, but for the
//! words of a program that `pct` itself is told, no process list shows it. Contents lie in a file without a name, which is gone with
//! the script, whatever ends that. What was cut on its way is not carried out.

mod answer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use proxmox_core::{Pct, PctRequest, PveRequest, PveResponse, Result};

use crate::lane::Lane;
use crate::pvesh::Caller;
use crate::shell::{Script, Shell, quote};

/// How long a request may take that has no limit of its own.
const USUAL: Duration = Duration::from_secs(120);
/// How long any may take.
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

/// Carries out a request, as root on the node of the shell.
pub(crate) async fn carry_out<S: Shell>(
    shell: &Arc<S>,
    lane: &Lane,
    caller: &Caller,
    request: &PveRequest,
    pct: &PctRequest,
) -> Result<PveResponse> {
    let script = script(caller, pct);
    let deadline = Instant::now() + request.timeout.unwrap_or(USUAL).min(LONGEST);
    let running = Arc::clone(shell);
    match lane.run(async move { running.run(script, deadline).await }).await {
        Ok(ended) => answer::read(pct, request.effect, &ended),
        Err(fault) => Err(fault.into_error(request.effect, shell.host())),
    }
}

/// The script, and what it reads: a length, and so many bytes of words with a length before each.
fn script(caller: &Caller, pct: &PctRequest) -> Script {
    let (what, given, words) = match &pct.what {
        Pct::Exec(exec) => ("exec", exec.input_bytes().unwrap_or_default(), exec.argv().to_vec()),
        Pct::Push(push) => {
            let path = push.path().to_owned();
            ("push", push.content(), [vec![path], push.options()].concat())
        }
        Pct::Pull { path } => ("pull", &[][..], vec![path.clone()]),
        // The script refuses it, as it would any word that `pct` does not know.
        _ => ("", &[][..], Vec::new()),
    };
    let (vmid, output, longest) = (pct.vmid.to_string(), Pct::OUTPUT.to_string(), Pct::LONGEST.to_string());
    let fixed = [pct.node.as_str(), what, &vmid, &output, &longest].map(str::as_bytes);
    let words = fixed.into_iter().chain([given]).chain(words.iter().map(String::as_bytes));
    let mut input = vec![0; 4];
    for word in words {
        input.extend(length(word.len()));
        input.extend_from_slice(word);
    }
    let all = length(input.len() - 4);
    input[..4].copy_from_slice(&all);
    let sudo = if caller.sudo { "sudo -n " } else { "" };
    let line = format!(
        "LC_ALL=C.UTF-8 exec {sudo}perl -e {} {}",
        quote(include_str!("node.pl")),
        quote(&caller.root.display().to_string())
    );
    Script { line, input }
}

/// Nothing here is longer than [`Pct::LONGEST`] and a command line; what were would be refused as cut.
fn length(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests;
