//! Making an instance: what is checked before anything is written, and what becomes of a failure.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use proxmox_core::backend::{Image, Instance, InstanceSpec};
use proxmox_core::seed::UserData;
use proxmox_core::{Error, ErrorKind, ExposeSecret as _, Outcome, Result};
use proxmox_qemu::QemuNode as _;

use super::PveBackend;
use super::image::Origin;
use super::place::{Room, Rooms};
use super::undo::Made;

/// What is wanted, and where.
pub(super) struct Wish<'s> {
    pub(super) spec: &'s InstanceSpec,
    /// In PVE's form, with the managed one.
    pub(super) tags: String,
    pub(super) data: Option<UserData>,
    /// By which the machine, and its seed, are told from all others.
    pub(super) word: String,
    pub(super) room: &'s Room,
}

impl PveBackend {
    pub(super) async fn make(&self, spec: &InstanceSpec) -> Result<Instance> {
        let about = |e: Error| e.during("backend.create").about(format!("instance {}", spec.name));
        self.make_it(spec).await.map_err(about)
    }

    async fn make_it(&self, spec: &InstanceSpec) -> Result<Instance> {
        spec.check()?;
        let tags = self.tags(&spec.tags)?;
        let data = spec.user_data.as_ref().map(|text| UserData::new(text.expose_secret())).transpose()?;
        let _kept = self.names.keep(&spec.name)?;
        let rooms = self.rooms().await?;
        self.check_name(&spec.name, &rooms).await?;
        let (room, origin) = self.choose(spec, &rooms).await?;
        if data.is_some() {
            // Before a machine is made that would be without.
            room.files("iso", self.files.as_ref())?;
        }
        let word = format!("{:016x}", RandomState::new().build_hasher().finish());
        let wish = Wish { spec, tags, data, word, room };
        let mut made = Made::default();
        match self.build(&wish, origin, &mut made).await {
            Ok(instance) => Ok(instance),
            Err(e) => Err(self.undo(&wish.word, made, e).await),
        }
    }

    /// PVE lets guests share a name. The list of the cluster knows all of them, though some seconds late; the nodes know their own
    /// at once.
    async fn check_name(&self, name: &str, rooms: &Rooms) -> Result<()> {
        let guests = self.pve.cluster().guests().await?;
        let lists = rooms.0.iter().map(|room| Ok(self.pve.node(&room.node)?.vms().list()));
        let lists = self.pve.all(lists.collect::<Result<Vec<_>>>()?).await;
        let lists = lists.into_iter().collect::<Result<Vec<_>>>()?;
        let unread = guests
            .complaints("the list of guests")
            .chain(lists.iter().flat_map(|list| list.complaints("the list of virtual machines")))
            .next();
        if let Some(why) = unread {
            let text = format!("whether the name {name} is free cannot be told: {why}");
            return Err(Error::new(ErrorKind::Decode, Outcome::NotSent, text));
        }
        let everywhere = guests.iter().map(|row| (row.vmid, row.name.as_deref()));
        let fresh = lists.iter().flatten().map(|row| (Some(row.vmid), row.name.as_deref()));
        let taken = everywhere
            .chain(fresh)
            .find(|(_, other)| other.is_some_and(|other| other.eq_ignore_ascii_case(name)));
        match taken {
            None => Ok(()),
            Some((vmid, _)) => {
                let whose = vmid.map_or_else(String::new, |vmid| format!(": it is guest {vmid}"));
                let text = format!("there is an instance named {name}{whose}");
                Err(Error::new(ErrorKind::AlreadyExists, Outcome::NotSent, text))
            }
        }
    }

    /// The node with the most free memory of those that have room, and that can get the image.
    async fn choose<'r>(&self, spec: &InstanceSpec, rooms: &'r Rooms) -> Result<(&'r Room, Origin)> {
        let fitting = rooms.fitting(&spec.size)?;
        for &room in &fitting {
            match self.origin(room, &spec.image).await? {
                Some(Origin::Template(vm)) => {
                    // A copy stays with its template where there is room.
                    let home = fitting.iter().find(|room| room.node == *vm.node()).copied();
                    return Ok((home.unwrap_or(room), Origin::Template(vm)));
                }
                Some(origin) => return Ok((room, origin)),
                None => {}
            }
        }
        let nodes: Vec<&str> = fitting.iter().map(|room| room.node.as_str()).collect();
        let what = match &spec.image {
            Image::Volume(volid) => volid.as_str(),
            _ => "the image",
        };
        let text = format!("{what} is on none of the nodes that have room: {}", nodes.join(", "));
        Err(Error::new(ErrorKind::NotFound, Outcome::NotSent, text))
    }
}
