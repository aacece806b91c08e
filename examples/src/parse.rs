//! The command line, read.

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

/// Reads the command line, or ends the program with what is wrong with it, or with help.
///
/// clap proposes the option that looks most like an unknown one. What opens the safety gate, or trusts anybody, is nothing to stumble
/// upon: it is never proposed.
#[must_use]
pub fn parse<C: Parser>() -> C {
    C::try_parse().unwrap_or_else(|mut error| {
        let proposed = error.get(ContextKind::SuggestedArg);
        let risky =
            |name: &str| ["--force", "--allow", "--dangerous"].iter().any(|risk| name.starts_with(risk));
        if matches!(proposed, Some(ContextValue::String(name)) if risky(name)) {
            error.remove(ContextKind::SuggestedArg);
            error.remove(ContextKind::Usage);
        }
        error.exit()
    })
}
