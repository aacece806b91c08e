//! The keys of an answer that a type has no field for.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The keys that a type does not know, in order and as sent: nothing that PVE says is lost.
#[derive(Clone, PartialEq, Default)]
pub struct Extra(Option<Box<Kept>>);

/// Most rows have none, and those that have some have several: all names lie in one text.
#[derive(Clone, PartialEq, Default)]
struct Kept {
    names: String,
    /// Where each name ends, and its value.
    values: Vec<(usize, Value)>,
}

impl Extra {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|kept| {
            let mut start = 0;
            kept.values.iter().map(move |(end, value)| {
                let name = &kept.names[start..*end];
                start = *end;
                (name, value)
            })
        })
    }

    /// Whether every key was known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn push(&mut self, name: &str, value: Value) {
        let kept = self.0.get_or_insert_with(|| {
            Box::new(Kept { names: String::with_capacity(64), values: Vec::with_capacity(4) })
        });
        kept.names.push_str(name);
        kept.values.push((kept.names.len(), value));
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Extra;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("further keys")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Extra, A::Error> {
                let mut extra = Extra::default();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    extra.push(&name, value);
                }
                Ok(extra)
            }
        }
        deserializer.deserialize_map(V)
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = self.0.as_ref().map_or(0, |kept| kept.values.len());
        let mut map = serializer.serialize_map(Some(count))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Defines a struct with a field `extra` that keeps the keys it has no other field for.
///
/// It does what `#[serde(flatten)]` would do, in one pass: serde's own puts every such key and value aside first, and
/// reads them a second time. That is felt where rows come by the thousand.
macro_rules! keeping_extra {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$attr:meta])* pub $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$attr])* pub $field: $type,)*
            /// Everything else that PVE sent.
            #[serde(flatten)]
            pub extra: $crate::de::Extra,
        }

        const _: () = {
            // serde wants the name as a literal.
            type Whole = $name;

            #[derive(serde::Deserialize)]
            #[serde(remote = "Whole")]
            struct Known {
                $($(#[$attr])* $field: $type,)*
                #[serde(skip)]
                extra: $crate::de::Extra,
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let mut extra = $crate::de::Extra::default();
                    let mut whole = Known::deserialize($crate::extra::Keeping::new(deserializer, &mut extra))?;
                    whole.extra = extra;
                    Ok(whole)
                }
            }
        };
    };
}
pub(crate) use keeping_extra;

/// Shows a struct its map, and keeps what the struct ignores.
pub(crate) struct Keeping<'a, D> {
    inner: D,
    extra: &'a mut Extra,
}

impl<'a, D> Keeping<'a, D> {
    pub(crate) fn new(inner: D, extra: &'a mut Extra) -> Self {
        Self { inner, extra }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Keeping<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let extra = self.extra;
        self.inner.deserialize_map(Shown { visitor, extra })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The struct's visitor. It is shown maps, and nothing else.
struct Shown<'a, V> {
    visitor: V,
    extra: &'a mut Extra,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Shown<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Entries { map, key: Key::default(), extra: self.extra })
    }
}

/// Remembers each key until it is known whether the struct has a field for it.
struct Entries<'de, 'a, A> {
    map: A,
    key: Key<'de>,
    extra: &'a mut Extra,
}

#[derive(Default)]
struct Key<'de> {
    /// As it stands in the input.
    text: &'de str,
    /// What the input only spells; else empty.
    spelled: String,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'de, '_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.map.next_key_seed(ReadKey { seed, key: &mut self.key })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(Member { inner: seed, key: &mut self.key, extra: &mut *self.extra })
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

struct ReadKey<'de, 'a, K> {
    seed: K,
    key: &'a mut Key<'de>,
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for ReadKey<'de, '_, K> {
    type Value = K::Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for ReadKey<'de, '_, K> {
    type Value = K::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, key: &'de str) -> Result<K::Value, E> {
        self.key.text = key;
        self.key.spelled.clear();
        self.seed.deserialize(BorrowedStrDeserializer::new(key))
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<K::Value, E> {
        self.key.text = "";
        key.clone_into(&mut self.key.spelled);
        self.seed.deserialize(StrDeserializer::new(key))
    }
}

/// A value, or the way to one, with the key it has.
struct Member<'de, 'a, T> {
    inner: T,
    key: &'a mut Key<'de>,
    extra: &'a mut Extra,
}

impl<'de, V: DeserializeSeed<'de>> DeserializeSeed<'de> for Member<'de, '_, V> {
    type Value = V::Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.deserialize(Member { inner: deserializer, key: self.key, extra: self.extra })
    }
}

/// Passes everything on, but what the struct would ignore.
macro_rules! pass_on {
    ($($method:ident($($arg:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($arg,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Member<'de, '_, D> {
    type Error = D::Error;

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let value = Value::deserialize(self.inner)?;
        let name = match self.key.text {
            "" => &self.key.spelled,
            text => text,
        };
        self.extra.push(name, value);
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    pass_on! {
        deserialize_any()
        deserialize_bool()
        deserialize_i8()
        deserialize_i16()
        deserialize_i32()
        deserialize_i64()
        deserialize_i128()
        deserialize_u8()
        deserialize_u16()
        deserialize_u32()
        deserialize_u64()
        deserialize_u128()
        deserialize_f32()
        deserialize_f64()
        deserialize_char()
        deserialize_str()
        deserialize_string()
        deserialize_bytes()
        deserialize_byte_buf()
        deserialize_option()
        deserialize_unit()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::de;

    keeping_extra! {
        /// A row.
        #[allow(unreachable_pub)]
        pub struct Row {
            pub id: String,
            #[serde(default, deserialize_with = "de::opt_int")]
            pub int: Option<i64>,
            #[serde(rename = "type", default)]
            pub kind: Option<String>,
        }
    }

    /// The same, as serde does it.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        id: String,
        #[serde(default, deserialize_with = "de::opt_int")]
        int: Option<i64>,
        #[serde(rename = "type", default)]
        kind: Option<String>,
        #[serde(flatten)]
        extra: Extra,
    }

    #[test]
    fn unknown_keys_are_kept() {
        let json = r#"{"new-in-10":[1,2],"id":"a","x":"y","int":"7","type":null,"n":null,"o":{"p":1}}"#;
        let row: Row = serde_json::from_str(json).unwrap();
        assert_eq!((row.id.as_str(), row.int, &row.kind), ("a", Some(7), &None));
        let keys: Vec<&str> = row.extra.iter().map(|(k, _)| k).collect();
        assert_eq!(keys, ["new-in-10", "x", "n", "o"]);
        assert_eq!(
            serde_json::to_string(&row.extra).unwrap(),
            r#"{"new-in-10":[1,2],"x":"y","n":null,"o":{"p":1}}"#
        );
        let again: Row = serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
        assert_eq!(again, row);
    }

    #[test]
    fn as_flatten_does_it() {
        for json in [
            r#"{"id":"a"}"#,
            r#"{"id":"a","int":1.5,"type":"t","\u0069nt2":1,"":2}"#,
            r#"{"\u0069d":"esc","t\u0079pe":"t"}"#,
            r#"{"t\u0079pe":"t","":1,"id":"a"}"#,
            r#"{"\u0078":1,"":1,"x":2,"id":"a"}"#,
            r#"{"id":7}"#,
            r#"{"id":"a","id":"b"}"#,
            r#"{"id":"a","type":7}"#,
            r#"{"id":"a","x":[1,{"y":[]}],"x":1e400}"#,
            r#"{"id":"a","x":}"#,
            r#"{"int":1}"#,
            r#"["a",1,"t"]"#,
            "{}",
            "7",
            "null",
        ] {
            let row = serde_json::from_str::<Row>(json).map(|r| Flat {
                id: r.id,
                int: r.int,
                kind: r.kind,
                extra: r.extra,
            });
            let flat = serde_json::from_str::<Flat>(json);
            assert_eq!(row.as_ref().ok(), flat.as_ref().ok(), "{json}");
            // From what owns its keys and from a reader as well.
            if let Ok(value) = serde_json::from_str::<Value>(json) {
                assert_eq!(
                    serde_json::from_value::<Row>(value).is_ok(),
                    flat.is_ok() || json.contains(r#""id":"b""#)
                );
            }
            assert_eq!(serde_json::from_reader::<_, Row>(json.as_bytes()).is_ok(), flat.is_ok());
        }
    }

    #[test]
    fn errors_name_the_field() {
        let error = serde_json::from_str::<Row>(r#"{"int":1}"#).unwrap_err();
        assert!(error.to_string().contains("missing field `id`"), "{error}");
        let mut json = serde_json::Deserializer::from_str(r#"{"x":1,"type":[1]}"#);
        let error = serde_path_to_error::deserialize::<_, Row>(&mut json).unwrap_err();
        assert_eq!(error.path().to_string(), "type");
        let error = serde_json::from_str::<Row>("[]").unwrap_err();
        assert!(error.to_string().contains("expected an object"), "{error}");
    }
}
