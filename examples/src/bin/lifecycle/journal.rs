//! The steps as they happen: on the screen, and for the summary.

use std::time::{Duration, Instant};

use console::{Alignment, Style, pad_str};
use examples::progress::Waiting;
use examples::{human, stdout};
use proxmox_core::{Call, Operation, Result};
use serde::Serialize;

/// A step that was made.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// The request that it turned on, as a command line.
    pub(crate) request: String,
    pub(crate) ms: u64,
    pub(crate) ok: bool,
    /// What came of it, in words.
    pub(crate) result: String,
}

pub(crate) struct Journal {
    json: bool,
    pub(crate) steps: Vec<Step>,
}

impl Journal {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, steps: Vec::new() }
    }

    /// Makes one step. `result` says what came of it.
    pub(crate) fn step<O: Operation>(
        &mut self,
        name: &'static str,
        call: Call<O>,
        result: impl FnOnce(&O::Output) -> String,
    ) -> Result<O::Output> {
        self.make(name, None, call, |output| (result(output), None))
    }

    /// The same for a step that waits for `what`, which no task's log tells.
    pub(crate) fn wait<O: Operation>(
        &mut self,
        name: &'static str,
        what: &str,
        call: Call<O>,
        result: impl FnOnce(&O::Output) -> String,
    ) -> Result<O::Output> {
        self.make(name, Some(what), call, |output| (result(output), None))
    }

    /// The same for a step whose request is complete only afterwards: `result` gives it as well.
    pub(crate) fn late<O: Operation>(
        &mut self,
        name: &'static str,
        call: Call<O>,
        result: impl FnOnce(&O::Output) -> (String, Option<String>),
    ) -> Result<O::Output> {
        self.make(name, None, call, result)
    }

    fn make<O: Operation>(
        &mut self,
        name: &'static str,
        what: Option<&str>,
        call: Call<O>,
        result: impl FnOnce(&O::Output) -> (String, Option<String>),
    ) -> Result<O::Output> {
        let request = call.request()?.to_string();
        let waiting = Waiting::new(name, !self.json);
        let waiting = match what {
            Some(what) => waiting.saying(what),
            None => waiting,
        };
        let begin = Instant::now();
        let output = waiting.on(call).block();
        let took = begin.elapsed();
        waiting.end();
        let (ok, (text, precise)) = match &output {
            Ok(output) => (true, result(output)),
            Err(e) => (false, (e.to_string(), None)),
        };
        self.write(name, precise.unwrap_or(request), took, ok, text)?;
        output
    }

    fn write(
        &mut self,
        name: &'static str,
        request: String,
        took: Duration,
        ok: bool,
        result: String,
    ) -> Result<()> {
        if !self.json {
            let (mark, style) = if ok { ("✓", Style::new().green()) } else { ("✗", Style::new().red()) };
            // The sentence of an error follows on stderr.
            let said = if ok { result.as_str() } else { "failed" };
            stdout::write(&format!(
                "{} {} {}  {said}\n  {}\n",
                style.bold().apply_to(mark),
                Style::new().bold().apply_to(pad_str(name, 11, Alignment::Left, None)),
                pad_str(&human::took(took), 8, Alignment::Right, None),
                Style::new().dim().apply_to(&request),
            ))?;
        }
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.steps.push(Step { name, request, ms, ok, result });
        Ok(())
    }

    /// A remark between the steps.
    pub(crate) fn say(&self, text: &str) -> Result<()> {
        if self.json { Ok(()) } else { stdout::write(&format!("{text}\n")) }
    }
}
