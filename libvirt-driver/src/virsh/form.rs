//! How a call is said to virsh.

use std::fmt;

use proxmox_core::{Error, Result};

use super::command::Command;
use crate::rpc::RemoteError;
use crate::rpc::xdr::{Decode, Malformed, Reader};

/// A call as commands of virsh, and what their output means.
pub(crate) struct Form<T> {
    pub(super) commands: Vec<Command>,
    pub(super) input: Input,
    /// An error of this code is no error: its command has said nothing, and the others have.
    pub(super) tolerated: Option<i32>,
    read: Box<dyn FnOnce(&str) -> Read<Step<T>> + Send + Sync>,
}

/// What the commands read.
#[derive(PartialEq, Eq)]
pub(crate) enum Input {
    /// Nothing.
    None,
    /// A document.
    Document(String),
    /// The commands themselves, for they hold what no one else may see.
    Commands,
    /// The content that the caller sends.
    Content,
    /// Nothing, and what they write to descriptor 3 is the content that the caller receives.
    Receives,
}

/// What becomes of an answer.
pub(crate) enum Step<T> {
    Done(T),
    /// More must be asked. What has been done is done.
    Then(Form<T>),
}

/// What the output means.
pub(crate) type Read<T> = std::result::Result<T, Unread>;

/// Output that is no answer.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is not what virsh prints.
    Malformed(String),
    /// It does not hold what was asked for, which the daemon itself would have said.
    Refused(RemoteError),
}

impl Unread {
    /// As if the daemon had said so.
    pub(crate) fn refused(code: i32, message: impl Into<String>) -> Self {
        Self::Refused(RemoteError { code, domain: 0, message: message.into() })
    }
}

impl From<Malformed> for Unread {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed.0)
    }
}

impl<T> Form<T> {
    /// The form that `say` gives to the arguments of a call, as they would be sent to the daemon.
    pub(crate) fn of<A: Decode>(arguments: &[u8], say: impl FnOnce(A) -> Result<Self>) -> Result<Self> {
        let arguments = Reader::all(arguments).map_err(|e| Error::invalid("arguments", e.to_string()))?;
        say(arguments)
    }

    /// One command.
    pub(crate) fn new(command: Command, read: impl FnOnce(&str) -> Read<T> + Send + Sync + 'static) -> Self {
        Self::several(vec![command], read)
    }

    /// Some commands, carried out by one virsh, one after the other.
    pub(crate) fn several(
        commands: Vec<Command>,
        read: impl FnOnce(&str) -> Read<T> + Send + Sync + 'static,
    ) -> Self {
        Self::steps(commands, |text| read(text).map(Step::Done))
    }

    /// Commands whose answer may lead to others.
    pub(crate) fn steps(
        commands: Vec<Command>,
        read: impl FnOnce(&str) -> Read<Step<T>> + Send + Sync + 'static,
    ) -> Self {
        Self { commands, input: Input::None, tolerated: None, read: Box::new(read) }
    }

    /// A command that changes something, and then the question what came of it.
    pub(crate) fn then(
        command: Command,
        next: impl FnOnce(&str) -> Read<Self> + Send + Sync + 'static,
    ) -> Self {
        Self::steps(vec![command], |text| next(text).map(Step::Then))
    }

    /// With this on the standard input.
    pub(crate) fn document(mut self, document: impl Into<String>) -> Self {
        self.input = Input::Document(document.into());
        self
    }

    pub(crate) fn with_input(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    pub(crate) fn tolerating(mut self, code: i32) -> Self {
        self.tolerated = Some(code);
        self
    }

    /// With its answer made into another.
    pub(crate) fn and<U>(self, make: impl FnOnce(T) -> Read<U> + Send + Sync + 'static) -> Form<U>
    where
        T: 'static,
    {
        let Self { commands, input, tolerated, read } = self;
        let read = Box::new(|output: &str| match read(output)? {
            Step::Done(answer) => make(answer).map(Step::Done),
            Step::Then(next) => Ok(Step::Then(next.and(make))),
        });
        Form { commands, input, tolerated, read }
    }

    pub(super) fn read(self, output: &str) -> Read<Step<T>> {
        (self.read)(output)
    }
}

#[cfg(test)]
impl<T> Form<T> {
    /// The answer to this output, where one question is enough.
    pub(crate) fn answer(self, output: &str) -> Read<T> {
        match self.read(output)? {
            Step::Done(answer) => Ok(answer),
            Step::Then(next) => panic!("it asks further: {next:?}"),
        }
    }

    /// What is asked next.
    pub(crate) fn next(self, output: &str) -> Self {
        match self.read(output) {
            Ok(Step::Then(next)) => next,
            Ok(Step::Done(_)) => panic!("it asks nothing further"),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// The commands, each as one line.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.commands.iter().map(|command| command.words().join(" ")).collect()
    }
}

impl Form<()> {
    /// A command whose output says nothing more than that it was carried out.
    pub(crate) fn plain(command: Command) -> Self {
        Self::new(command, |_| Ok(()))
    }
}

impl<T> fmt::Debug for Form<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither values nor documents: they may hold secrets.
        let names = self.commands.iter().map(|command| &command.words()[0]);
        f.debug_list().entries(names).finish()
    }
}
