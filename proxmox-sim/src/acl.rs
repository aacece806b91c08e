//! Users, tokens, roles and what they may do where.

use std::collections::BTreeMap;

/// A user with its tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct User {
    pub(crate) password: Option<String>,
    pub(crate) enable: bool,
    /// Seconds since 1970; 0 is never.
    pub(crate) expire: i64,
    pub(crate) comment: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) tokens: BTreeMap<String, Token>,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) secret: String,
    pub(crate) privsep: bool,
    pub(crate) expire: i64,
    pub(crate) comment: Option<String>,
}

/// One entry of the access control list.
#[derive(Debug, Clone)]
pub(crate) struct Acl {
    pub(crate) path: String,
    /// A user or a token id.
    pub(crate) who: String,
    pub(crate) role: String,
    pub(crate) propagate: bool,
}
