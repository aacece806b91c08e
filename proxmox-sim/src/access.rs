//! Users, tokens, tickets and privileges, as the API shows them.

use serde_json::{Map, Value, json};

use crate::acl::{self, Acl, Token, User, Who};
use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::schema::format;

/// `GET /access`
pub(crate) fn index(_: &mut Ctx<'_>) -> Answer {
    let names = [
        "acl",
        "domains",
        "password",
        "permissions",
        "roles",
        "ticket",
        "users",
    ];
    Ok(Value::from(names.map(|name| json!({ "subdir": name })).to_vec()).into())
}

/// `GET /access/domains`
pub(crate) fn domains(_: &mut Ctx<'_>) -> Answer {
    Ok(json!([
        { "realm": "pve", "type": "pve", "comment": "Proxmox VE authentication server" },
        { "realm": "pam", "type": "pam", "comment": "Linux PAM standard authentication" },
    ])
    .into())
}

/// `GET /access/ticket`
pub(crate) fn ticket_index(_: &mut Ctx<'_>) -> Answer {
    Ok(Value::Null.into())
}

/// `POST /access/ticket`: by a password, or by a ticket that is still good.
pub(crate) fn ticket(ctx: &mut Ctx<'_>) -> Answer {
    let mut user = ctx.text("username").to_owned();
    if let (false, Some(realm)) = (user.contains('@'), ctx.opt("realm")) {
        user = format!("{user}@{realm}");
    }
    let password = ctx.text("password");
    let by_password = ctx
        .state
        .active_user(&user, ctx.now)
        .and_then(|u| u.password.as_deref())
        == Some(password);
    let renewed = ctx.state.ticket_user(password, ctx.now) == Some(user.as_str());
    if !by_password && !renewed {
        return Err(Refusal::BadPassword);
    }
    let (ticket, csrf) = ctx.state.ticket(&user, ctx.now);
    let mut cap = Map::new();
    for (group, path) in [
        ("access", "/access"),
        ("dc", "/"),
        ("nodes", "/nodes"),
        ("sdn", "/sdn"),
        ("storage", "/storage"),
        ("vms", "/vms"),
        ("mapping", "/mapping"),
    ] {
        let held = ctx.state.privileges_on(&Who::user(&user), path);
        let held: Map<_, _> = held.into_keys().map(|p| (p.to_owned(), Value::from(1))).collect();
        cap.insert(group.to_owned(), held.into());
    }
    let mut data = json!({ "username": user, "ticket": ticket, "CSRFPreventionToken": csrf, "cap": cap });
    if ctx.state.nodes.len() > 1 {
        data["clustername"] = "sim".into();
    }
    Ok(data.into())
}

/// `PUT /access/password`
pub(crate) fn password(ctx: &mut Ctx<'_>) -> Answer {
    let userid = ctx.text("userid").to_owned();
    if userid != ctx.who.user {
        ctx.require("/access/groups", &["User.Modify"])?;
    }
    if !ctx.who.is_root() {
        let confirmed = ctx.opt("confirmation-password");
        let Some(confirmed) = confirmed else {
            return bad_param("confirmation-password", "password is required to modify user");
        };
        let own = ctx
            .state
            .users
            .get(&ctx.who.user)
            .and_then(|user| user.password.as_deref());
        if own != Some(confirmed) {
            return Err(Refusal::BadPassword);
        }
    }
    let password = ctx.text("password").to_owned();
    match ctx.state.users.get_mut(&userid) {
        Some(user) => {
            user.password = Some(password);
            Ok(Value::Null.into())
        }
        None => failed(format!("no such user ('{userid}')")),
    }
}

/// `GET /access/permissions`
pub(crate) fn permissions(ctx: &mut Ctx<'_>) -> Answer {
    let who = match ctx.opt("userid") {
        Some(id) if id != ctx.who.id() => {
            ctx.require("/access", &["Sys.Audit"])?;
            let (user, token) = id
                .split_once('!')
                .map_or((id, None), |(user, token)| (user, Some(token)));
            Who {
                user: user.to_owned(),
                token: token.map(str::to_owned),
            }
        }
        _ => ctx.who.clone(),
    };
    let mut paths: Vec<String> = match ctx.opt("path") {
        Some(path) => vec![path.to_owned()],
        None => [
            "/",
            "/access",
            "/access/groups",
            "/nodes",
            "/pool",
            "/sdn",
            "/sdn/zones",
            "/storage",
            "/vms",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    if ctx.opt("path").is_none() {
        paths.extend(ctx.state.acl.iter().map(|acl| acl.path.clone()));
        paths.push("/sdn/zones/localnetwork".to_owned());
        let bridges = ctx.state.nodes.values().flat_map(|node| &node.bridges);
        paths.extend(bridges.map(|bridge| format!("/sdn/zones/localnetwork/{bridge}")));
    }
    let mut data = Map::new();
    for path in paths {
        let held = ctx.state.privileges_on(&who, &path);
        if !held.is_empty() {
            let held: Map<_, _> = held
                .into_iter()
                .map(|(p, down)| (p.to_owned(), Value::from(i32::from(down))))
                .collect();
            data.insert(path, held.into());
        }
    }
    Ok(Value::from(data).into())
}

/// `GET /access/roles`
pub(crate) fn roles(ctx: &mut Ctx<'_>) -> Answer {
    let rows = acl::roles().map(|name| {
        let held = acl::role(name, ctx.version()).unwrap_or_default();
        json!({ "roleid": name, "special": 1, "privs": held.into_iter().collect::<Vec<_>>().join(",") })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `GET /access/acl`
pub(crate) fn list_acl(ctx: &mut Ctx<'_>) -> Answer {
    let all = ctx.allows("/access", &["Sys.Audit", "Permissions.Modify"]);
    let rows = ctx.state.acl.iter().filter(|_| all).map(|acl| {
        json!({
            "path": acl.path, "ugid": acl.who, "roleid": acl.role, "propagate": i32::from(acl.propagate),
            "type": if acl.who.contains('!') { "token" } else { "user" },
        })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

/// `PUT /access/acl`
pub(crate) fn change_acl(ctx: &mut Ctx<'_>) -> Answer {
    let path = ctx.text("path").to_owned();
    ctx.require(&path, &["Permissions.Modify"])?;
    let roots = ["access", "mapping", "nodes", "pool", "sdn", "storage", "vms"];
    let first = path.split('/').nth(1).unwrap_or_default();
    if path != "/" && !(path.starts_with('/') && roots.contains(&first)) {
        return bad_param("path", format!("invalid ACL path '{path}'"));
    }
    let list = |name: &str| -> Vec<String> {
        ctx.opt(name)
            .map(|t| format::items(t).map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let (remove, propagate) = (ctx.flag("delete"), ctx.flag_or("propagate", true));
    let everybody: Vec<_> = list("users").into_iter().chain(list("tokens")).collect();
    if let Some(role) = list("roles")
        .iter()
        .find(|role| acl::role(role, ctx.version()).is_none())
    {
        return failed(format!("ACL update failed: role '{role}' does not exist"));
    }
    for who in &everybody {
        let (user, token) = who
            .split_once('!')
            .map_or((who.as_str(), None), |(u, t)| (u, Some(t)));
        let known = ctx
            .state
            .users
            .get(user)
            .is_some_and(|u| token.is_none_or(|t| u.tokens.contains_key(t)));
        if !known {
            let what = if token.is_some() { "token" } else { "user" };
            return failed(format!("ACL update failed: {what} '{who}' does not exist"));
        }
    }
    for role in list("roles") {
        for who in everybody.iter().cloned() {
            ctx.state
                .acl
                .retain(|acl| acl.path != path || acl.who != who || acl.role != role);
            if !remove {
                ctx.state.acl.push(Acl {
                    path: path.clone(),
                    who,
                    role: role.clone(),
                    propagate,
                });
            }
        }
    }
    Ok(Value::Null.into())
}

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
pub(crate) fn users(ctx: &mut Ctx<'_>) -> Answer {
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
pub(crate) fn user(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify", "Sys.Audit"], false)?;
    let user = the_user(ctx)?;
    let mut row = user_row(user);
    row["groups"] = json!([]);
    let tokens: Map<_, _> = user
        .tokens
        .iter()
        .map(|(name, token)| (name.clone(), token_row(token)))
        .collect();
    row["tokens"] = tokens.into();
    Ok(row.into())
}

/// `POST /access/users`
pub(crate) fn create_user(ctx: &mut Ctx<'_>) -> Answer {
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
pub(crate) fn change_user(ctx: &mut Ctx<'_>) -> Answer {
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
pub(crate) fn delete_user(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify"], false)?;
    the_user(ctx)?;
    let id = ctx.text("userid").to_owned();
    ctx.state.users.remove(&id);
    ctx.state
        .acl
        .retain(|acl| acl.who.split('!').next() != Some(id.as_str()));
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
    ctx.state
        .users
        .get(id)
        .map_or_else(|| failed(format!("no such user ('{id}')")), Ok)
}

fn the_token<'a>(ctx: &'a Ctx<'_>) -> Result<&'a Token, Refusal> {
    let (user, token) = (ctx.text("userid"), ctx.text("tokenid"));
    let found = the_user(ctx)?.tokens.get(token);
    found.map_or_else(
        || failed(format!("no such token '{token}' for user '{user}'")),
        Ok,
    )
}

/// `GET /access/users/{userid}/token`
pub(crate) fn tokens(ctx: &mut Ctx<'_>) -> Answer {
    may_manage(ctx, &["User.Modify"], true)?;
    let rows = the_user(ctx)?
        .tokens
        .iter()
        .map(|(name, token)| named(name, token));
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
