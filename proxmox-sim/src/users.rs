//! Users and their tokens, as the API shows them.

use serde_json::{Map, Value, json};

use crate::acl::{Token, User};
use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;

fn realm(userid: &str) -> &str {
    userid.rsplit('@').next().unwrap_or_default()
}

fn token_row(token: &Token) -> Value {
    let mut row = json!({ "privsep": i32::from(token.privsep), "expire": token.expire });
    if let Some(comment) = &token.comment {
        row["comment"] = comment.as_str().into();
    }
    row
}

fn user_row(user: &User) -> Value {
    let mut row = json!({ "enable": i32::from(user.enable), "expire": user.expire });
    for (name, value) in [("comment", &user.comment), ("email", &user.email)] {
        if let Some(value) = value {
            row[name] = value.as_str().into();
        }
    }
    row
}

/// `GET /access/users`
pub(crate) fn list(ctx: &mut Ctx<'_>) -> Answer {
    let (full, enabled) = (ctx.flag("full"), ctx.opt("enabled").map(|e| e == "1"));
    let all = ctx.allows("/access/groups", &["User.Modify", "Sys.Audit"]);
    let seen = ctx.state.users.iter().filter(|(id, user)| {
        (all || **id == ctx.who.user) && enabled.is_none_or(|enabled| enabled == user.enable)
    });
    let rows = seen.map(|(id, user)| {
        let mut row = user_row(user);
        row["userid"] = id.as_str().into();
        row["realm-type"] = realm(id).into();
        if full {
            row["groups"] = "".into();
            let tokens = user.tokens.iter().map(|(name, token)| named(name, token));
            row["tokens"] = tokens.collect::<Vec<_>>().into();
        }
        row
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

fn named(name: &str, token: &Token) -> Value {
    let mut row = token_row(token);
    row["tokenid"] = name.into();
    row
}

/// `GET /access/users/{userid}`
pub(crate) fn one(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify", "Sys.Audit"], false)?;
    let user = the_user(ctx)?;
    let mut row = user_row(user);
    row["groups"] = json!([]);
    let tokens: Map<_, _> =
        user.tokens.iter().map(|(name, token)| (name.clone(), token_row(token))).collect();
    row["tokens"] = tokens.into();
    Ok(row.into())
}

/// `POST /access/users`
pub(crate) fn create(ctx: &mut Ctx<'_>) -> Answer {
    ctx.require("/access/groups", &["User.Modify"])?;
    let userid = ctx.text("userid").to_owned();
    if ctx.state.users.contains_key(&userid) {
        return failed(format!("create user failed: user '{userid}' already exists"));
    }
    let text = |name: &str| ctx.opt(name).map(str::to_owned);
    let user = User {
        password: text("password"),
        enable: ctx.flag_or("enable", true),
        expire: expire(ctx),
        comment: text("comment"),
        email: text("email"),
        ..User::default()
    };
    ctx.state.users.insert(userid, user);
    Ok(Value::Null.into())
}

/// `PUT /access/users/{userid}`
pub(crate) fn change(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify"], false)?;
    let mut user = the_user(ctx)?.clone();
    user.enable = ctx.flag_or("enable", user.enable);
    if ctx.opt("expire").is_some() {
        user.expire = expire(ctx);
    }
    user.comment = ctx.opt("comment").map(str::to_owned).or(user.comment);
    user.email = ctx.opt("email").map(str::to_owned).or(user.email);
    let id = ctx.text("userid").to_owned();
    ctx.state.users.insert(id, user);
    Ok(Value::Null.into())
}

/// `DELETE /access/users/{userid}`: the privileges of the user go with it.
pub(crate) fn delete(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify"], false)?;
    the_user(ctx)?;
    let id = ctx.text("userid").to_owned();
    ctx.state.users.remove(&id);
    ctx.state.acl.retain(|acl| acl.who.split('!').next() != Some(id.as_str()));
    Ok(Value::Null.into())
}

fn expire(ctx: &Ctx<'_>) -> i64 {
    ctx.opt("expire").and_then(|e| e.parse().ok()).unwrap_or(0)
}

/// A user manages its own tokens, others need a privilege.
fn may_manage(ctx: &Ctx<'_>, any: &[&str], own: bool) -> Result<(), Refusal> {
    if own && ctx.text("userid") == ctx.who.user && ctx.who.token.is_none() {
        return Ok(());
    }
    ctx.require("/access/groups", any)
}

fn the_user<'a>(ctx: &'a Ctx<'_>) -> Result<&'a User, Refusal> {
    let id = ctx.text("userid");
    ctx.state.users.get(id).map_or_else(|| failed(format!("no such user ('{id}')")), Ok)
}

fn the_token<'a>(ctx: &'a Ctx<'_>) -> Result<&'a Token, Refusal> {
    let (user, token) = (ctx.text("userid"), ctx.text("tokenid"));
    let found = the_user(ctx)?.tokens.get(token);
    found.map_or_else(|| failed(format!("no such token '{token}' for user '{user}'")), Ok)
}

/// `GET /access/users/{userid}/token`
pub(crate) fn tokens(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify"], true)?;
    let rows = the_user(ctx)?.tokens.iter().map(|(name, token)| named(name, token));
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `GET /access/users/{userid}/token/{tokenid}`
pub(crate) fn token(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify"], true)?;
    Ok(token_row(the_token(ctx)?).into())
}

/// `POST /access/users/{userid}/token/{tokenid}`: the only answer that shows the secret.
pub(crate) fn create_token(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify"], true)?;
    let (userid, name) = (ctx.text("userid").to_owned(), ctx.text("tokenid").to_owned());
    if the_user(ctx)?.tokens.contains_key(&name) {
        return bad_param("tokenid", "Token already exists.");
    }
    // PVE answers what was sent as it was sent: as text.
    let mut info = json!({ "privsep": 1 });
    for key in ["comment", "expire", "privsep"] {
        if let Some(value) = ctx.opt(key) {
            info[key] = value.into();
        }
    }
    let token = Token {
        secret: ctx.state.counters.uuid(),
        privsep: ctx.flag_or("privsep", true),
        expire: expire(ctx),
        comment: ctx.opt("comment").map(str::to_owned),
    };
    let data = json!({ "full-tokenid": format!("{userid}!{name}"), "value": token.secret, "info": info });
    if let Some(user) = ctx.state.users.get_mut(&userid) {
        user.tokens.insert(name, token);
    }
    Ok(data.into())
}

/// `DELETE /access/users/{userid}/token/{tokenid}`
pub(crate) fn delete_token(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify"], true)?;
    the_token(ctx)?;
    let (userid, name) = (ctx.text("userid").to_owned(), ctx.text("tokenid").to_owned());
    if let Some(user) = ctx.state.users.get_mut(&userid) {
        user.tokens.remove(&name);
    }
    ctx.state.acl.retain(|acl| acl.who != format!("{userid}!{name}"));
    Ok(Value::Null.into())
}
