//! The answer to a batch becomes the answers to its requests. Pure.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Effect, Error, ErrorKind, Outcome, PveRequest, PveResponse, Result, classify, de};

/// What came of one request of a batch. `None`: it is to be sent by itself, which is safe: it is a read, or it is known
/// not to have been carried out.
pub(super) type Part = Option<Result<PveResponse>>;

/// What came of each request, in their order.
pub(super) fn unpack(requests: &[PveRequest], answer: Result<PveResponse>) -> Vec<Part> {
    match answer.and_then(|answer| parts(&answer, requests)) {
        Ok(parts) => requests.iter().zip(&parts).map(|(request, raw)| part(request, raw)).collect(),
        Err(e) => requests.iter().map(|request| without_answer(request, &e)).collect(),
    }
}

fn parts(answer: &PveResponse, requests: &[PveRequest]) -> Result<Vec<Box<RawValue>>> {
    let effect = requests.iter().map(|request| request.effect).max().unwrap_or(Effect::Read);
    let parts: Vec<Box<RawValue>> = answer.clone().answering(effect).decode()?;
    if parts.len() == requests.len() {
        return Ok(parts);
    }
    let message = format!("{} answers to a batch of {} requests", parts.len(), requests.len());
    Err(Error::decode(lost(effect), message))
}

/// `{status: 200, data}`, `{status: 500, message}` or `{status: "400", message, errors}`: the last two are what the body
/// of an HTTP answer with this status says.
#[derive(Deserialize)]
struct Head {
    #[serde(default, deserialize_with = "de::opt_int")]
    status: Option<i64>,
    #[serde(default)]
    data: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "de::opt_text")]
    message: Option<String>,
}

fn part(request: &PveRequest, raw: &RawValue) -> Part {
    let head = match raw.get().starts_with('{') {
        true => serde_json::from_str::<Head>(raw.get()).map_err(|e| e.to_string()),
        false => Err("not an object".to_owned()),
    };
    let read = |head: Head| {
        let status = head.status.and_then(|status| u16::try_from(status).ok());
        status.map(|status| (status, head)).ok_or_else(|| "no status".to_owned())
    };
    let (status, head) = match head.and_then(read) {
        Ok(head) => head,
        Err(why) => {
            let error =
                Error::decode(lost(request.effect), format!("unexpected answer within a batch: {why}"));
            return without_answer(request, &error);
        }
    };
    if (200..300).contains(&status) {
        let data = head.data.map_or_else(|| "null".to_owned(), |data| data.get().to_owned());
        return Some(Ok(PveResponse::bare(data)));
    }
    let message = head.message.unwrap_or_default();
    // The words and the status of a single request differ.
    if message.starts_with("no handler for '") {
        return None;
    }
    let reason = message.lines().next().unwrap_or_default();
    let error = classify(request.effect, status, reason, raw.get().as_bytes());
    // What passes is waited for by the layers, which see requests.
    let passes = request.effect == Effect::Read && error.is_retryable();
    (!passes).then_some(Err(error))
}

/// What an error of the whole batch means for one of its requests.
fn without_answer(request: &PveRequest, error: &Error) -> Part {
    use ErrorKind as K;
    let (kind, outcome) = (error.kind(), error.outcome());
    // A way that is closed is so for each, unless it was what the batch held that closed it.
    let no_way = outcome == Outcome::NotSent && !matches!(kind, K::InvalidInput | K::Refused)
        || kind == K::Unauthenticated
        || error.status() == Some(595);
    if no_way {
        return Some(Err(error.repeated()));
    }
    // PVE refuses a batch as a whole before the first request; later it only speaks of single ones.
    let refused = outcome == Outcome::Rejected
        && matches!(kind, K::InvalidInput | K::PermissionDenied | K::Unsupported | K::NotFound);
    if request.effect == Effect::Read || outcome == Outcome::NotSent || refused {
        return None;
    }
    Some(Err(error.repeated().with_outcome(Outcome::MaybeApplied)))
}

/// What an unreadable answer leaves known.
fn lost(effect: Effect) -> Outcome {
    if effect == Effect::Read { Outcome::Rejected } else { Outcome::MaybeApplied }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PvePath, Verb};

    fn request(effect: Effect) -> PveRequest {
        let verb = if effect == Effect::Read { Verb::Get } else { Verb::Create };
        PveRequest::new(verb, PvePath::parse("/nodes/a/x").unwrap()).effect(effect)
    }

    fn one(effect: Effect, text: &str) -> Part {
        unpack(&[request(effect)], Ok(PveResponse::envelope(format!(r#"{{"data":[{text}]}}"#)))).remove(0)
    }

    /// Each answer as a real PVE gave it, beside the single answer that says the same.
    #[test]
    fn as_if_asked_singly() {
        let parameter = r#""message":"Parameter verification failed.\n","errors":{"limit":"type check ('integer') failed - got 'x'"}"#;
        let missing =
            r#""message":"Configuration file 'nodes/pve1/qemu-server/99999.conf' does not exist\n""#;
        for (part, status, body) in [
            (format!(r#"{{"status":"400",{parameter}}}"#), 400, format!("{{{parameter}}}")),
            (format!(r#"{{{missing},"status":500}}"#), 500, format!("{{{missing},\"data\":null}}")),
        ] {
            for effect in [Effect::Read, Effect::Write] {
                let error = one(effect, &part).unwrap().unwrap_err();
                let reason = error.message().to_owned();
                let single = PveResponse::from_http(effect, status, &reason, body.clone()).unwrap_err();
                assert_eq!(format!("{error:?}"), format!("{single:?}"));
                assert_eq!(error.outcome(), Outcome::Rejected);
            }
        }
        let null = one(Effect::Write, r#"{"status":200,"data":null}"#).unwrap().unwrap();
        null.decode::<()>().unwrap();
        one(Effect::Write, r#"{"status":200}"#).unwrap().unwrap().decode::<()>().unwrap();
        let data = one(Effect::Read, r#"{"data":{"release":"8.4"},"status":200}"#).unwrap().unwrap();
        assert_eq!(data.decode::<serde_json::Value>().unwrap()["release"], "8.4");
    }

    #[test]
    fn what_is_asked_again_by_itself() {
        let unknown = r#"{"status":500,"message":"no handler for 'nodes/pve1/nosuch'\n"}"#;
        assert!(one(Effect::Read, unknown).is_none() && one(Effect::Destroy, unknown).is_none());
        let busy = r#"{"status":500,"message":"can't lock file '/x' - got timeout\n"}"#;
        assert!(one(Effect::Read, busy).is_none());
        assert_eq!(one(Effect::Write, busy).unwrap().unwrap_err().kind(), ErrorKind::Busy);
    }

    #[test]
    fn an_unreadable_part_leaves_its_write_in_doubt() {
        for part in ["{}", "null", r#"{"status":"x","data":1}"#, r#"{"status":-1}"#, "7"] {
            assert!(one(Effect::Read, part).is_none(), "{part}");
            let error = one(Effect::Write, part).unwrap().unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::MaybeApplied), "{part}");
        }
        for whole in [r#"{"data":{}}"#, r#"{"data":[]}"#, "<html>", r#"{"data":[1,2]}"#] {
            let unpacked =
                |effect| unpack(&[request(effect)], Ok(PveResponse::envelope(whole.to_owned()))).remove(0);
            assert!(unpacked(Effect::Read).is_none(), "{whole}");
            assert!(unpacked(Effect::Destroy).unwrap().unwrap_err().is_maybe_applied(), "{whole}");
        }
    }

    #[test]
    fn without_an_answer() {
        use ErrorKind as K;
        use Outcome as O;
        // What becomes of a write and of a read: its outcome, or nothing when it is sent by itself.
        for (kind, outcome, write, read) in [
            (K::Connect, O::NotSent, Some(O::NotSent), Some(O::NotSent)),
            (K::Tls, O::NotSent, Some(O::NotSent), Some(O::NotSent)),
            (K::Unauthenticated, O::Rejected, Some(O::Rejected), Some(O::Rejected)),
            (K::PermissionDenied, O::Rejected, None, None),
            (K::Unsupported, O::Rejected, None, None),
            (K::InvalidInput, O::Rejected, None, None),
            (K::InvalidInput, O::NotSent, None, None),
            (K::Refused, O::NotSent, None, None),
            (K::PermissionDenied, O::NotSent, Some(O::NotSent), Some(O::NotSent)),
            (K::NotFound, O::Rejected, None, None),
            (K::Timeout, O::MaybeApplied, Some(O::MaybeApplied), None),
            (K::Unavailable, O::Rejected, Some(O::MaybeApplied), None),
            (K::NodeUnreachable, O::MaybeApplied, Some(O::MaybeApplied), None),
            (K::Unexpected, O::Rejected, Some(O::MaybeApplied), None),
        ] {
            for (effect, expected) in [(Effect::Destroy, write), (Effect::Read, read)] {
                let error = Error::new(kind, outcome, "trouble").with_attempts(4);
                let part = unpack(&[request(effect)], Err(error)).remove(0);
                let found = part.map(|part| part.unwrap_err());
                assert_eq!(found.as_ref().map(Error::outcome), expected, "{kind:?} {outcome:?} {effect:?}");
                assert!(found.is_none_or(|e| (e.kind(), e.attempts()) == (kind, 4)));
            }
        }
        let down = || Err(classify(Effect::Write, 595, "Connection refused", b""));
        let error = unpack(&[request(Effect::Write)], down()).remove(0).unwrap().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (K::NodeUnreachable, O::Rejected));
    }
}
