//! A call as a value.

use std::fmt;
use std::time::Duration;

use proxmox_core::{Effect, Error, Outcome, Result};

use super::packet::Program;
use super::xdr::{Decode, Encode, Malformed, Reader, Writer};
use crate::virsh::{Form, Say, beyond};

/// How long an answer may take that the daemon has at hand.
const USUAL: Duration = Duration::from_secs(30);
/// How long work on disks may take.
const SLOW: Duration = Duration::from_secs(3600);

/// A procedure with its arguments, not yet sent: what [`procedures`](super::procedures) makes, and a connection carries out.
///
/// ```
/// use libvirt_driver::rpc::procedures::domain;
/// use proxmox_core::Effect;
///
/// let call = domain::lookup_by_name("web1");
/// assert_eq!((call.name(), call.effect()), ("domain.lookup_by_name", Effect::Read));
/// ```
pub struct Call<T> {
    name: &'static str,
    program: Program,
    procedure: i32,
    effect: Effect,
    arguments: Result<Vec<u8>, Malformed>,
    budget: Duration,
    target: Option<String>,
    decode: fn(&[u8]) -> Result<T, Malformed>,
    form: Option<Say<T>>,
}

impl<T: Decode> Call<T> {
    /// A procedure of libvirt's public program.
    pub(crate) fn new(name: &'static str, procedure: i32, class: Class, arguments: &[&dyn Encode]) -> Self {
        let mut writer = Writer::default();
        arguments.iter().for_each(|argument| argument.encode(&mut writer));
        Self {
            name,
            program: Program::Remote,
            procedure,
            effect: class.effect(),
            arguments: writer.finish(),
            budget: if matches!(class, Class::Slow | Class::SlowDestroy) { SLOW } else { USUAL },
            target: None,
            decode: |bytes| Reader::all(bytes),
            form: None,
        }
    }
}

impl<T> Call<T> {
    /// How long to wait for the answer. The daemon knows nothing of it and goes on.
    #[must_use]
    pub fn timeout(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// What errors say it was about.
    #[must_use]
    pub fn about(mut self, target: impl fmt::Display) -> Self {
        self.target = Some(target.to_string());
        self
    }

    /// Says what it does where the procedure alone does not tell: a command of the guest agent may only look.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    pub(crate) fn of(mut self, program: Program) -> Self {
        self.program = program;
        self
    }

    /// Decodes the answer in a way of its own.
    pub(crate) fn by<U>(self, decode: fn(&[u8]) -> Result<U, Malformed>) -> Call<U> {
        let Self { name, program, procedure, effect, arguments, budget, target, decode: _, form: _ } = self;
        Call { name, program, procedure, effect, arguments, budget, target, decode, form: None }
    }

    /// Can also be said to virsh, in this form, which is made of the arguments when it is needed.
    pub(crate) fn or_virsh(mut self, form: Say<T>) -> Self {
        self.form = Some(form);
        self
    }

    /// What is said to virsh.
    pub(crate) fn form(&self) -> Result<Form<T>> {
        let form = self.form.ok_or_else(|| beyond(format!("virsh cannot do {}", self.name)))?;
        form(self.arguments()?)
    }

    /// The name in errors and traces, such as `domain.start`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it changes anything.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The number of the procedure in its program.
    #[must_use]
    pub fn procedure(&self) -> i32 {
        self.procedure
    }

    /// Whose procedure it is.
    #[must_use]
    pub fn program(&self) -> Program {
        self.program
    }

    /// How long to wait for the answer.
    #[must_use]
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// What is sent.
    pub(crate) fn arguments(&self) -> Result<&[u8]> {
        self.arguments.as_deref().map_err(|e| Error::invalid("arguments", e.to_string()))
    }

    /// What was received.
    pub(crate) fn answer(&self, payload: &[u8]) -> Result<T> {
        (self.decode)(payload).map_err(|e| {
            let outcome = if self.effect == Effect::Read { Outcome::Rejected } else { Outcome::Applied };
            Error::decode(outcome, format!("the answer is not what libvirt promises: {e}"))
        })
    }

    /// Names call and target in an error.
    pub(crate) fn named(&self, error: Error) -> Error {
        let error = error.during(self.name);
        match &self.target {
            Some(target) => error.about(target),
            None => error,
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the arguments: what an agent is told may hold secrets.
        f.debug_struct("Call").field("name", &self.name).field("target", &self.target).finish_non_exhaustive()
    }
}

/// What a procedure does to the host.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Class {
    /// Nothing.
    Read,
    /// A change.
    Write,
    /// A change that works on disks, and may take minutes.
    Slow,
    /// What cannot be undone.
    Destroy,
    /// What cannot be undone, and may take minutes.
    SlowDestroy,
}

impl Class {
    const fn effect(self) -> Effect {
        match self {
            Self::Read => Effect::Read,
            Self::Write | Self::Slow => Effect::Write,
            Self::Destroy | Self::SlowDestroy => Effect::Destroy,
        }
    }
}

/// Makes a function of each line: number, class and name of a procedure; the function with its arguments; what is sent of them;
/// what comes back; and what virsh would be told.
macro_rules! procedures {
    ($($(#[$about:meta])* $number:literal $class:ident $name:literal $function:ident($($argument:ident: $type:ty),*)
        sends[$($value:expr),*] gives $output:ty $(, by $decode:expr)? $(, about $target:expr)? $(, of $program:ident)?
        $(, virsh $form:path)?;)*) => {
        $(
            $(#[$about])*
            #[must_use]
            pub fn $function($($argument: $type),*) -> $crate::rpc::Call<$output> {
                let arguments: &[&dyn $crate::rpc::xdr::Encode] = &[$(&$value),*];
                let call = $crate::rpc::Call::new($name, $number, $crate::rpc::call::Class::$class, arguments);
                $(let call = $crate::rpc::Call::<()>::by(call, $decode);)?
                $(let call = call.or_virsh(|arguments| $crate::virsh::Form::of(arguments, $form));)?
                $(let call = call.about($target);)?
                $(let call = call.of($crate::rpc::packet::Program::$program);)?
                call
            }
        )*
    };
}

pub(crate) use procedures;
