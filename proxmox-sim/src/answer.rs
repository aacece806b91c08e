//! What the brain says: data, or one of PVE's ways to refuse.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::exchange::SimAnswer;

/// How long PVE waits before it says that a login failed.
const LOGIN_DELAY: Duration = Duration::from_secs(3);

/// The data of an answer, with what stands beside it (`total`, `changes`).
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) data: Value,
    pub(crate) beside: Vec<(&'static str, Value)>,
}

impl Reply {
    /// Puts `value` beside the data.
    pub(crate) fn beside(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.beside.push((name, value.into()));
        self
    }
}

impl<V: Into<Value>> From<V> for Reply {
    fn from(data: V) -> Self {
        Self { data: data.into(), beside: Vec::new() }
    }
}

/// What every handler gives back.
pub(crate) type Answer = Result<Reply, Refusal>;

/// One of PVE's ways to refuse.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// 400 with a text for each parameter.
    Params(Vec<(String, String)>),
    /// 500 with a text for each property that is missing where PVE reads a value of its own.
    Format(Vec<(String, String)>),
    /// 500 with a sentence: most errors.
    Failed(String),
    /// 403 with the sentence behind `Permission check failed`.
    Forbidden(String),
    /// 401 without a body, late.
    Login(&'static str),
    /// 401 of `/access/ticket`: it has a body.
    BadPassword,
    /// 501: no such method on such a path, or not simulated.
    NotImplemented(String),
    /// 501 for a method that is none of the four, without a body.
    BadMethod(String),
    /// PVE's own codes without a body: 595, 596.
    Bare(u16, &'static str, Duration),
}

/// A 500 with a sentence.
pub(crate) fn failed<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Failed(sentence.into()))
}

/// A 400 for one parameter.
pub(crate) fn bad_param<T>(name: &str, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Params(vec![(name.to_owned(), text.into())]))
}

impl Refusal {
    /// The sentence as a failing task would end with it.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::Failed(sentence) => sentence,
            Self::Params(errors) => {
                let lines: Vec<_> = errors.iter().map(|(name, text)| format!("{name}: {text}")).collect();
                format!("Parameter verification failed. {}", lines.join(" "))
            }
            Self::Forbidden(what) => format!("Permission check failed{what}"),
            Self::Format(_) => "format error".to_owned(),
            Self::Login(reason) | Self::Bare(_, reason, _) => reason.to_owned(),
            Self::BadPassword => "authentication failure".to_owned(),
            Self::NotImplemented(text) | Self::BadMethod(text) => text,
        }
    }

    fn into_answer(self) -> SimAnswer {
        let message = |status: u16, text: String| {
            let reason = text.lines().next().unwrap_or_default().to_owned();
            answer(status, reason, &json!({ "data": null, "message": text }))
        };
        match self {
            Self::Params(errors) => {
                let errors: Map<_, _> = errors.into_iter().map(|(name, text)| (name, text.into())).collect();
                let text = "Parameter verification failed.";
                let body = json!({ "data": null, "message": format!("{text}\n"), "errors": errors });
                answer(400, text.to_owned(), &body)
            }
            Self::Format(errors) => {
                let errors: Map<_, _> = errors.into_iter().map(|(name, text)| (name, text.into())).collect();
                let body = json!({ "data": null, "message": "format error\n", "errors": errors });
                answer(500, "format error".to_owned(), &body)
            }
            Self::Failed(sentence) => message(500, format!("{sentence}\n")),
            Self::Forbidden(what) => message(403, format!("Permission check failed{what}\n")),
            Self::NotImplemented(text) => message(501, text),
            Self::BadPassword => {
                SimAnswer { delay: LOGIN_DELAY, ..message(401, "authentication failure\n".to_owned()) }
            }
            Self::Login(reason) => bare(401, reason.to_owned(), LOGIN_DELAY),
            Self::BadMethod(reason) => bare(501, reason, Duration::ZERO),
            Self::Bare(status, reason, delay) => bare(status, reason.to_owned(), delay),
        }
    }
}

fn bare(status: u16, reason: String, delay: Duration) -> SimAnswer {
    SimAnswer { status, reason, body: Vec::new(), delay }
}

fn answer(status: u16, reason: String, body: &Value) -> SimAnswer {
    SimAnswer { status, reason, body: body.to_string().into_bytes(), delay: Duration::ZERO }
}

/// Puts a handler's result into the form that leaves the brain.
pub(crate) fn into_answer(result: Answer) -> SimAnswer {
    match result {
        Ok(reply) => {
            let mut body = Map::new();
            body.insert("data".to_owned(), reply.data);
            body.extend(reply.beside.into_iter().map(|(name, value)| (name.to_owned(), value)));
            answer(200, "OK".to_owned(), &Value::Object(body))
        }
        Err(refusal) => refusal.into_answer(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(result: Answer) -> (u16, String, String) {
        let answer = into_answer(result);
        (answer.status, answer.reason, String::from_utf8(answer.body).unwrap())
    }

    #[test]
    fn the_reason_is_the_first_line_of_the_message() {
        let (status, reason, body) = shown(failed("storage 'x' does not exist"));
        assert_eq!((status, reason.as_str()), (500, "storage 'x' does not exist"));
        assert_eq!(body, r#"{"data":null,"message":"storage 'x' does not exist\n"}"#);
    }

    #[test]
    fn login_failures_are_late_and_bare() {
        let answer = into_answer(Err(Refusal::Login("No ticket")));
        assert_eq!((answer.status, answer.body.len(), answer.delay), (401, 0, LOGIN_DELAY));
        let answer = into_answer(Err(Refusal::BadPassword));
        assert_eq!(answer.delay, LOGIN_DELAY);
        assert!(!answer.body.is_empty());
    }

    #[test]
    fn what_stands_beside_the_data() {
        let (_, _, body) = shown(Ok(Reply::from(json!([])).beside("total", 3)));
        assert_eq!(body, r#"{"data":[],"total":3}"#);
    }
}
