//! Which PVE answers.

use super::{Cap, World};

pub async fn names_itself(world: &World) {
    let version = world.pve.cluster().version().await.unwrap();
    let node = world.node().version().await.unwrap();
    if world.needs(Cap::NodeFacts) {
        assert_eq!(version.version, node.version);
    }
    assert!(matches!(version.major(), 8 | 9), "{version:?}");
    if let Some(simulated) = &world.simulated {
        assert_eq!(version.version, simulated.sim.version().as_str());
        assert_eq!(version.release.as_deref(), Some(simulated.sim.version().release()));
    }
}

pub async fn is_one_request(world: &World) {
    let before = world.arrived();
    world.pve.cluster().version().await.unwrap();
    if let (Some(simulated), Some(before)) = (world.simulated(), before) {
        assert_eq!(simulated.log.entries().len(), before + 1);
    }
    let info = world.pve.info();
    assert!(!info.name.is_empty() && !info.endpoint.contains("PVEAPIToken"), "{info}");
}
