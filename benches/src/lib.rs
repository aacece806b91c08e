//! How fast the SDK is, as ratios against what it stands on.
//!
//! `README.md` says what is measured and how to repeat it. Here are the parts that the binaries and the criterion groups
//! share: the answers that are read ([`rows`]), the structs that a program without the SDK would read them into
//! ([`twin`]), the server that gives them ([`serve`]), the command line of a workload ([`task`]), and how two things are
//! compared ([`compare`]).

pub mod compare;
pub mod rows;
pub mod serve;
pub mod task;
pub mod twin;
