//! `POST /nodes/{node}/execute`: many requests of a node in one.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal, bad_param};
use crate::ctx::Ctx;
use crate::exchange::{SimRequest, SimValue};

/// Carries all of them out, one after another, whatever becomes of each. A malformed list is refused before the first.
pub(crate) fn execute(ctx: &mut Ctx<'_>) -> Answer {
    let Ok(list) = serde_json::from_str::<Value>(ctx.text("commands")) else {
        let text = "invalid format - commands param did not contain valid JSON: malformed JSON string\n";
        return bad_param("commands", text);
    };
    let faults = faults(&list);
    if !faults.is_empty() {
        let text =
            "invalid format - commands is not a valid array of commands: 400 Parameter verification failed.";
        return bad_param("commands", format!("{text}\n{}", faults.join("\n") + "\n"));
    }
    let commands = list.as_array().cloned().unwrap_or_default();
    let parts: Vec<Value> = commands.iter().map(|command| part(ctx, command)).collect();
    Ok(Value::from(parts).into())
}

/// What is wrong with the list as such.
fn faults(list: &Value) -> Vec<String> {
    let Some(commands) = list.as_array() else {
        return vec!["_root: type check ('array') failed".to_owned()];
    };
    let mut faults = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        let mut fault = |field: &str, why: &str| faults.push(format!("[{index}]{field}: {why}"));
        if !command.is_object() {
            fault("", "type check ('object') failed");
            continue;
        }
        let missing = "property is missing and it is not optional";
        match command["method"].as_str() {
            Some("GET" | "POST" | "PUT" | "DELETE") => {}
            Some(_) => fault(".method", "value does not match the regex pattern"),
            None => fault(".method", missing),
        }
        if !command["path"].is_string() {
            fault(".path", missing);
        }
        if !(command["args"].is_object() || command["args"].is_null()) {
            fault(".args", "type check ('object') failed");
        }
    }
    faults
}

/// One of them, and what it says.
fn part(ctx: &mut Ctx<'_>, command: &Value) -> Value {
    let path = command["path"].as_str().unwrap_or_default().trim_start_matches('/');
    let path = format!("/nodes/{}/{path}", ctx.node());
    let args = command["args"].as_object().cloned().unwrap_or_default();
    let answer = if args.contains_key("node") {
        bad_param("node", "duplicate parameter")
    } else {
        // Only root itself comes here, as which the in-process caller is known.
        let mut request = SimRequest::new(command["method"].as_str().unwrap_or_default(), &path);
        request.params = args.into_iter().map(|(name, value)| (name, SimValue::Json(value))).collect();
        crate::routes::answer(ctx.state, ctx.now, &request)
    };
    let failed = |text: &str| json!({"status": 500, "message": format!("{text}\n")});
    match answer {
        Ok(reply) => json!({"status": 200, "data": reply.data}),
        Err(Refusal::Params(errors)) => {
            let errors: Map<_, _> = errors.into_iter().map(|(name, text)| (name, text.into())).collect();
            // A text, unlike the other two.
            json!({"status": "400", "message": "Parameter verification failed.\n", "errors": errors})
        }
        Err(Refusal::NotImplemented(_)) => {
            failed(&format!("no handler for '{}'", path.trim_start_matches('/')))
        }
        Err(other) => failed(&other.sentence()),
    }
}
