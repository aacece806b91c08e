//! What the programs in `src/bin` share.
//!
//! They use the SDK as any other program would; here is only what a command line
//! needs around it: [`options`] and [`connect`] lead from flags and environment to a handle, [`exit`] and [`complain`]
//! from an error to an exit code and two lines of text, [`table`], [`human`], [`words`] and [`show`] from answers to something
//! readable, [`ran`] shows a program that ran in a guest, [`progress`] and [`verbose`] tell what goes on meanwhile.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

pub mod clock;
pub mod complain;
pub mod connect;
pub mod exit;
pub mod human;
pub mod later;
pub mod options;
pub mod pairs;
pub mod parse;
pub mod place;
pub mod progress;
pub mod ran;
pub mod show;
pub mod stdout;
pub mod table;
mod tell;
pub mod verbose;
pub mod words;
