//! Tickets, roles and privileges, as the API shows them.

use serde_json::{Map, Value, json};

use crate::acl::{self, Acl, Who};
use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::schema::format;

/// `GET /access`
pub(crate) fn index(_: &mut Ctx<'_>) -> Answer {
    let names = ["acl", "domains", "password", "permissions", "roles", "ticket", "users"];
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
    let by_password =
        ctx.state.active_user(&user, ctx.now).and_then(|u| u.password.as_deref()) == Some(password);
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
        let own = ctx.state.users.get(&ctx.who.user).and_then(|user| user.password.as_deref());
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
            let (user, token) = id.split_once('!').map_or((id, None), |(user, token)| (user, Some(token)));
            Who { user: user.to_owned(), token: token.map(str::to_owned) }
        }
        _ => ctx.who.clone(),
    };
    let mut paths: Vec<String> = match ctx.opt("path") {
        Some(path) => vec![path.to_owned()],
        None => {
            ["/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/sdn/zones", "/storage", "/vms"]
                .map(str::to_owned)
                .to_vec()
        }
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
            let held: Map<_, _> =
                held.into_iter().map(|(p, down)| (p.to_owned(), Value::from(i32::from(down)))).collect();
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
        ctx.opt(name).map(|t| format::items(t).map(str::to_owned).collect()).unwrap_or_default()
    };
    let (remove, propagate) = (ctx.flag("delete"), ctx.flag_or("propagate", true));
    let everybody: Vec<_> = list("users").into_iter().chain(list("tokens")).collect();
    if let Some(role) = list("roles").iter().find(|role| acl::role(role, ctx.version()).is_none()) {
        return failed(format!("ACL update failed: role '{role}' does not exist"));
    }
    for who in &everybody {
        let (user, token) = who.split_once('!').map_or((who.as_str(), None), |(u, t)| (u, Some(t)));
        let known = ctx.state.users.get(user).is_some_and(|u| token.is_none_or(|t| u.tokens.contains_key(t)));
        if !known {
            let what = if token.is_some() { "token" } else { "user" };
            return failed(format!("ACL update failed: {what} '{who}' does not exist"));
        }
    }
    for role in list("roles") {
        for who in everybody.iter().cloned() {
            ctx.state.acl.retain(|acl| acl.path != path || acl.who != who || acl.role != role);
            if !remove {
                ctx.state.acl.push(Acl { path: path.clone(), who, role: role.clone(), propagate });
            }
        }
    }
    Ok(Value::Null.into())
}
