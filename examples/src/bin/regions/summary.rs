//! The whole run as JSON.

use examples::exit::Exit;
use examples::stdout;
use proxmox_core::Result;
use serde_json::{Value, json};

use crate::place::Place;

pub(crate) fn print(places: &[Place]) -> Result<()> {
    let all: Vec<Value> = places.iter().map(region).collect();
    stdout::json(&json!({ "regions": all }))
}

fn region(place: &Place) -> Value {
    let sizes: Vec<Value> = place
        .sizes()
        .into_iter()
        .map(|(kind, fit)| json!({"instance_type": kind.name, "fit": fit}))
        .collect();
    let errors: Vec<Value> = place
        .errors
        .iter()
        .map(|e| json!({"error": e.to_string(), "advice": e.advice(), "exit_code": Exit::from(e) as u8}))
        .collect();
    json!({
        "region": place.name,
        "kind": place.kind(),
        "endpoint": place.endpoint(),
        "capacity": place.capacity,
        "instance_types": sizes,
        "instances": place.instances,
        "made": place.made,
        "addresses": place.addresses,
        "deleted": place.deleted,
        "errors": errors,
    })
}
