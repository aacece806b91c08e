//! Methods of users, tokens and privileges.

use super::Line;
use crate::{access, users};

pub(super) const LINES: &[Line] = &[
    ("GET", "/access", "", "all", access::index),
    ("GET", "/access/domains", "", "world", access::domains),
    ("GET", "/access/ticket", "", "world", access::ticket_index),
    (
        "POST",
        "/access/ticket",
        "username:s..64 password:s new-format?:b otp?:s path?:s..64>privs privs?:s..64>path realm?:s..32 \
         tfa-challenge?:s",
        "world",
        access::ticket,
    ),
    (
        "PUT",
        "/access/password",
        "userid:s..64=userid password:s8..64 confirmation-password?:s5..64",
        "ticket",
        access::password,
    ),
    ("GET", "/access/permissions", "path?:s userid?:s", "all", access::permissions),
    ("GET", "/access/roles", "", "all", access::roles),
    ("GET", "/access/acl", "", "all", access::list_acl),
    (
        "PUT",
        "/access/acl",
        "path:s roles:s delete?:b groups?:s propagate?:b tokens?:s users?:s",
        "all",
        access::change_acl,
    ),
    ("GET", "/access/users", "enabled?:b full?:b", "all", users::list),
    (
        "POST",
        "/access/users",
        "userid:s..64=userid comment?:s..2048 email?:s..254 enable?:b expire?:i0.. firstname?:s..1024 groups?:s \
         keys?:s lastname?:s..1024 password?:s8..64",
        "all",
        users::create,
    ),
    ("GET", "/access/users/{userid}", "", "all", users::one),
    (
        "PUT",
        "/access/users/{userid}",
        "append?:b comment?:s..2048 email?:s..254 enable?:b expire?:i0.. firstname?:s..1024 groups?:s keys?:s \
         lastname?:s..1024",
        "all",
        users::change,
    ),
    ("DELETE", "/access/users/{userid}", "", "all", users::delete),
    ("GET", "/access/users/{userid}/token", "", "all", users::tokens),
    ("GET", "/access/users/{userid}/token/{tokenid}", "", "all", users::token),
    (
        "POST",
        "/access/users/{userid}/token/{tokenid}",
        "comment?:s expire?:i0.. privsep?:b",
        "all",
        users::create_token,
    ),
    ("DELETE", "/access/users/{userid}/token/{tokenid}", "", "all", users::delete_token),
];
