//! An answer stays bytes until the operation's own type decodes it.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::rows::Rows;
use crate::{Effect, Error, Outcome, Result, Upid, classify};

/// The answer to a request that PVE accepted.
#[derive(Debug, Clone)]
pub struct PveResponse {
    body: Bytes,
    shape: Shape,
    /// What is known about the request's effect when this cannot be read.
    unread: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    /// `{"data": …}` as HTTP carries it.
    Envelope,
    /// The data alone, as `pvesh` prints it.
    Bare,
}

/// `{"data": …}` and nothing else: a derived one would also take a list of one item.
struct Envelope<T> {
    data: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = Envelope<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `data`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<T>, A::Error> {
                let mut data = None;
                while let Some(IsData(is_data)) = map.next_key()? {
                    if is_data {
                        data = Some(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                let data = data.ok_or_else(|| A::Error::missing_field("data"))?;
                Ok(Envelope { data })
            }
        }
        deserializer.deserialize_map(V(PhantomData))
    }
}

/// Whether a key is `data`.
struct IsData(bool);

impl<'de> Deserialize<'de> for IsData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = IsData;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E>(self, key: &str) -> Result<IsData, E> {
                Ok(IsData(key == "data"))
            }
        }
        deserializer.deserialize_identifier(V)
    }
}

impl PveResponse {
    /// An HTTP body, `{"data": …}`.
    #[must_use]
    pub fn envelope(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), shape: Shape::Envelope, unread: Outcome::MaybeApplied }
    }

    /// The data alone.
    #[must_use]
    pub fn bare(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), shape: Shape::Bare, unread: Outcome::MaybeApplied }
    }

    /// What an HTTP answer means: the response, or the error that its status and text are.
    ///
    /// # Errors
    /// As [`classify`](crate::classify) reads them, for every status but 2xx.
    pub fn from_http(effect: Effect, status: u16, reason: &str, body: impl Into<Bytes>) -> Result<Self> {
        let body = body.into();
        if (200..300).contains(&status) {
            return Ok(Self::envelope(body).answering(effect));
        }
        Err(classify(effect, status, reason, &body))
    }

    /// Notes what was asked: an unreadable answer to a read leaves nothing in doubt.
    #[must_use]
    pub fn answering(mut self, effect: Effect) -> Self {
        self.unread = if effect == Effect::Read { Outcome::Rejected } else { Outcome::MaybeApplied };
        self
    }

    /// The whole answer as it came: `{"data": …}` over HTTP, the data alone from `pvesh`. It may not be JSON at all.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Decodes the data in one pass, straight into `T`.
    ///
    /// # Errors
    /// `Decode`, with the place in the answer.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        // Looking at the whole text once is cheaper than at each string in it.
        let done = str::from_utf8(&self.body).ok().and_then(|text| match self.shape {
            Shape::Envelope => serde_json::from_str::<Envelope<T>>(text).map(|e| e.data).ok(),
            Shape::Bare => serde_json::from_str(text).ok(),
        });
        done.map_or_else(|| self.decode_by_place(), Ok)
    }

    /// Decodes a list; a row that does not fit is set aside and reported, and does not spoil the others.
    ///
    /// # Errors
    /// `Decode` when the data is not a list.
    pub fn rows<T: DeserializeOwned>(&self) -> Result<Rows<T>> {
        let raw = match self.decode::<Vec<T>>() {
            Ok(items) => return Ok(Rows::new(items, Vec::new())),
            // Only now look at each row by itself: good lists never pay for it.
            Err(_) => self.decode::<Vec<Box<RawValue>>>()?,
        };
        Ok(Rows::sort_out(&raw))
    }

    /// Takes any data for a yes. What is not an answer of PVE's, such as a login page in its place, stays an error.
    ///
    /// # Errors
    /// `Decode` when the answer is not JSON.
    pub fn done(&self) -> Result<()> {
        self.decode::<IgnoredAny>().map(drop)
    }

    /// The data exactly as PVE sent it.
    ///
    /// # Errors
    /// `Decode` when the answer is not JSON.
    pub fn raw_data(&self) -> Result<Box<RawValue>> {
        self.decode()
    }

    /// The UPID of the task that the request started.
    ///
    /// # Errors
    /// `Decode` when the answer is something else.
    pub fn upid(&self) -> Result<Upid> {
        self.decode()
    }

    /// Decodes once more, slower, to say where it failed. It need not fail: what nobody reads may be no text at all.
    fn decode_by_place<T: DeserializeOwned>(&self) -> Result<T> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let done = match self.shape {
            Shape::Envelope => {
                serde_path_to_error::deserialize::<_, Envelope<T>>(&mut deserializer).map(|e| e.data)
            }
            Shape::Bare => serde_path_to_error::deserialize::<_, T>(&mut deserializer),
        };
        let message = match done.map_err(|e| (e.path().to_string(), e.into_inner())) {
            Ok(data) if deserializer.end().is_ok() => return Ok(data),
            Ok(_) => "unexpected text after the answer".to_owned(),
            Err((path, e)) if path == "." => format!("unexpected answer: {e}"),
            Err((path, e)) => format!("unexpected answer at {path}: {e}"),
        };
        Err(Error::decode(self.unread, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Row {
        vmid: crate::Vmid,
    }

    #[test]
    fn both_shapes() {
        let text: String = PveResponse::envelope(r#"{"data":"x","total":1}"#).decode().unwrap();
        assert_eq!(text, PveResponse::bare("\"x\"").decode::<String>().unwrap());
        PveResponse::envelope(r#"{"data":null}"#).decode::<()>().unwrap();
        let nothing = PveResponse::envelope("{}").decode::<Option<u8>>();
        assert!(nothing.unwrap_err().message().contains("`data`"));
    }

    #[test]
    fn an_error_names_the_place() {
        let error = PveResponse::envelope(r#"{"data":[{"vmid":7}]}"#).decode::<Vec<Row>>().unwrap_err();
        assert!(error.message().contains("data[0].vmid"), "{error}");
        for bad in ["", "<html>", "{", r#"{"dat":1}"#, "{\"data\":1", "[1]"] {
            let error = PveResponse::envelope(bad).decode::<u8>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Decode, "{bad}");
        }
    }

    #[test]
    fn only_what_is_read_must_be_text() {
        let answer = PveResponse::envelope(&b"{\"data\":[7],\"note\":\"\xff\"}"[..]);
        assert_eq!(answer.decode::<Vec<u8>>().unwrap(), [7]);
        let answer = PveResponse::envelope(&b"{\"data\":[\"a\",\"\xff\"]}"[..]);
        let error = answer.decode::<Vec<String>>().unwrap_err();
        assert!(error.message().contains("data[1]"), "{error}");
        let error = PveResponse::bare(&b"7 \xff"[..]).decode::<u8>().unwrap_err();
        assert!(error.message().contains("after the answer"), "{error}");
    }

    #[test]
    fn one_bad_row_is_reported() {
        let rows = PveResponse::envelope(r#"{"data":[{"vmid":100},{"vmid":"x"},{"vmid":101}]}"#)
            .rows::<Row>()
            .unwrap();
        assert_eq!(rows.iter().map(|r| r.vmid.get()).collect::<Vec<_>>(), [100, 101]);
        assert_eq!(rows.rejects().len(), 1);
        assert_eq!(rows.rejects()[0].index, 1);
        assert!(rows.rejects()[0].why.contains("vmid"), "{:?}", rows.rejects());
    }
}
