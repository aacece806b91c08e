//! What a program without the SDK reads answers into: the same fields, owned, each of its natural type, by serde's plain
//! derive. Keys without a field are dropped, and a number that comes as text is an error.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// What HTTP carries.
#[derive(Debug, Deserialize)]
pub struct Envelope<T> {
    /// The answer itself.
    pub data: T,
}

/// `GET /version`.
#[derive(Debug, Deserialize)]
pub struct Version {
    /// Such as `8.4.21`.
    pub version: String,
    /// Such as `8.4`.
    pub release: Option<String>,
    /// A commit.
    pub repoid: Option<String>,
}

macro_rules! row {
    ($(#[$about:meta])* $name:ident, $keeping:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[allow(missing_docs)]
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        pub struct $name {
            $($(#[$attr])* pub $field: $type,)*
        }

        $(#[$about])*
        ///
        /// With all other keys kept in a map, as serde's `flatten` does it.
        #[allow(missing_docs)]
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        pub struct $keeping {
            $($(#[$attr])* pub $field: $type,)*
            #[serde(flatten)]
            pub extra: HashMap<String, Value>,
        }
    };
}

row! {
    /// The fields of `GuestStatus`.
    Guest, GuestKeeping {
        vmid: u32,
        name: Option<String>,
        status: String,
        qmpstatus: Option<String>,
        cpu: Option<f64>,
        cpus: Option<f64>,
        mem: Option<i64>,
        maxmem: Option<i64>,
        memhost: Option<i64>,
        disk: Option<i64>,
        maxdisk: Option<i64>,
        diskread: Option<i64>,
        diskwrite: Option<i64>,
        netin: Option<i64>,
        netout: Option<i64>,
        uptime: Option<i64>,
        lock: Option<String>,
        template: Option<u8>,
        tags: Option<String>,
        pid: Option<i64>,
    }
}

row! {
    /// The fields of `Resource`.
    Resource, ResourceKeeping {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        node: Option<String>,
        vmid: Option<u32>,
        name: Option<String>,
        status: Option<String>,
        storage: Option<String>,
        pool: Option<String>,
        cpu: Option<f64>,
        maxcpu: Option<f64>,
        mem: Option<i64>,
        maxmem: Option<i64>,
        memhost: Option<i64>,
        disk: Option<i64>,
        maxdisk: Option<i64>,
        diskread: Option<i64>,
        diskwrite: Option<i64>,
        netin: Option<i64>,
        netout: Option<i64>,
        uptime: Option<i64>,
        template: Option<u8>,
        tags: Option<String>,
        lock: Option<String>,
    }
}
