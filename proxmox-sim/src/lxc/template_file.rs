//! The archives that containers are made from.

use crate::answer::{Refusal, failed};
use crate::ctx::Ctx;
use crate::storage::storage_of;

/// Systems as their archives are named, and the `ostype` that PVE finds in them.
const SYSTEMS: [(&str, &str); 13] = [
    ("alpine", "alpine"),
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("devuan", "devuan"),
    ("centos", "centos"),
    ("almalinux", "centos"),
    ("rockylinux", "centos"),
    ("fedora", "fedora"),
    ("opensuse", "opensuse"),
    ("archlinux", "archlinux"),
    ("gentoo", "gentoo"),
    ("nixos", "nixos"),
    ("unmanaged", "unmanaged"),
];

/// Whether a request may name this archive. Whether it is there shows only in the task.
pub(crate) fn check(ctx: &Ctx<'_>, volid: &str) -> Result<(), Refusal> {
    let Some((storage, name)) = volid.split_once(':') else {
        return failed("Only root can pass arbitrary filesystem paths.");
    };
    if !ctx.state.storages.contains_key(storage) {
        return failed(format!("storage '{storage}' does not exist"));
    }
    if !name.starts_with("vztmpl/") {
        return failed(format!("unable to use volume {volid} - content type needs to be 'vztmpl'"));
    }
    ctx.require(&format!("/storage/{storage}"), &["Datastore.Audit", "Datastore.AllocateSpace"])
}

/// Where the archive lies on the node.
pub(crate) fn path(volid: &str) -> String {
    let name = volid.rsplit('/').next().unwrap_or_default();
    match storage_of(volid) {
        "local" => format!("/var/lib/vz/template/cache/{name}"),
        other => format!("/mnt/pve/{other}/template/cache/{name}"),
    }
}

/// The system in it, by its name.
pub(crate) fn ostype(volid: &str) -> &'static str {
    SYSTEMS.iter().find(|(name, _)| volid.contains(name)).map_or("unmanaged", |(_, ostype)| ostype)
}

/// The processors it is for, by its name.
pub(crate) fn arch(volid: &str) -> &'static str {
    let known = ["arm64", "armhf", "i386", "riscv64", "riscv32"];
    known.into_iter().find(|arch| volid.contains(&format!("_{arch}."))).unwrap_or("amd64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_inside() {
        for (name, os, processors) in [
            ("local:vztmpl/alpine-3.20-default_20240908_amd64.tar.xz", "alpine", "amd64"),
            ("local:vztmpl/debian-12-standard_12.7-1_arm64.tar.zst", "debian", "arm64"),
            ("lab:vztmpl/rockylinux-9-default_20240912_amd64.tar.xz", "centos", "amd64"),
            ("lab:vztmpl/own.tar.gz", "unmanaged", "amd64"),
        ] {
            assert_eq!((ostype(name), arch(name)), (os, processors), "{name}");
        }
        assert_eq!(path("local:vztmpl/x.tar.gz"), "/var/lib/vz/template/cache/x.tar.gz");
    }
}
