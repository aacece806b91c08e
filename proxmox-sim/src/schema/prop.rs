//! Property strings: `virtio=BC:24:11:00:00:01,bridge=vmbr0`.

use crate::PveVersion;

use super::{EXTRA, MISSING, Param, find, parse};

/// The default key, and the properties in the form of the tables.
fn table(format: &str) -> (Option<&'static str>, &'static str) {
    match format {
        "net" => (
            Some("model"),
            "model:e:e1000,e1000-82540em,e1000-82544gc,e1000-82545em,e1000e,i82551,i82557b,i82559er,ne2k_isa,\
             ne2k_pci,pcnet,rtl8139,virtio,vmxnet3 \
             bridge?:s=bridge-id firewall?:b link_down?:b macaddr?:s=mac-addr mtu?:i1..65520 queues?:i0..64 \
             rate?:n0.. tag?:i1..4094 trunks?:s 9!host-tunnel?:b",
        ),
        "drive" => (
            Some("file"),
            "file:s=volume aio?:e:native,threads,io_uring backup?:b bps?:i bps_max_length?:i1.. bps_rd?:i \
             bps_rd_max_length?:i1.. bps_wr?:i bps_wr_max_length?:i1.. \
             cache?:e:none,writethrough,writeback,unsafe,directsync 8!cyls?:i detect_zeroes?:b \
             discard?:e:ignore,on efitype?:e:2m,4m format?:e:raw,qcow,qed,qcow2,vmdk,cloop 8!heads?:i \
             import-from?:s iops?:i iops_max?:i iops_max_length?:i1.. iops_rd?:i iops_rd_max?:i \
             iops_rd_max_length?:i1.. iops_wr?:i iops_wr_max?:i iops_wr_max_length?:i1.. iothread?:b mbps?:n \
             mbps_max?:n mbps_rd?:n mbps_rd_max?:n mbps_wr?:n mbps_wr_max?:n media?:e:cdrom,disk model?:s \
             ms-cert?:s pre-enrolled-keys?:b product?:s queues?:i2.. replicate?:b \
             rerror?:e:ignore,report,stop ro?:b scsiblock?:b 8!secs?:i serial?:s=urlencoded shared?:b \
             size?:s=disk-size snapshot?:b ssd?:b 8!trans?:e:none,lba,auto vendor?:s version?:e:v1.2,v2.0 \
             werror?:e:enospc,ignore,report,stop wwn?:s",
        ),
        "ct-net" => (
            None,
            "name:s~word bridge?:s~word firewall?:b gw?:s=ip gw6?:s=ip 9!host-managed?:b hwaddr?:s=mac-addr \
             ip?:s=ipv4-config ip6?:s=ipv6-config link_down?:b mtu?:i64..65535 rate?:n tag?:i1..4094 trunks?:s \
             type?:e:veth",
        ),
        "ct-root" => (
            Some("volume"),
            "volume:s acl?:b 9!idmap?:s mountoptions?:s quota?:b replicate?:b ro?:b shared?:b size?:s=disk-size",
        ),
        "ct-mount" => (
            Some("volume"),
            "volume:s mp:s acl?:b backup?:b 9!idmap?:s 9!keepattrs?:b mountoptions?:s quota?:b replicate?:b ro?:b \
             shared?:b size?:s=disk-size",
        ),
        "ct-features" => (None, "force_rw_sys?:b fuse?:b keyctl?:b mknod?:b mount?:s nesting?:b"),
        "ct-dev" => (Some("path"), "path?:s deny-write?:b gid?:i0.. mode?:s uid?:i0.."),
        "agent" => (
            Some("enabled"),
            "enabled:b freeze-fs-on-backup?:b fstrim_cloned_disks?:b type?:e:virtio,isa 9!freeze-fs?:b \
             9!guest-fsfreeze?:b",
        ),
        "memory" => (Some("current"), "current:i16.."),
        "ipconfig" => (None, "ip?:s=ipv4-config gw?:s=ip ip6?:s=ipv6-config gw6?:s=ip"),
        "vga" => (
            Some("type"),
            "type?:e:cirrus,qxl,qxl2,qxl3,qxl4,none,serial0,serial1,serial2,serial3,std,virtio,virtio-gl,vmware \
             clipboard?:e:vnc memory?:i4..512",
        ),
        _ => (None, ""),
    }
}

/// Keys whose name is a value: `virtio=MAC` says model and address at once.
fn models() -> Vec<Param> {
    parse(table("net").1, PveVersion::V8)
}

/// Checks a property string; the text names the parameter called `name`.
pub(crate) fn check(format: &str, name: &str, text: &str, version: PveVersion) -> Result<(), String> {
    let (default, line) = table(format);
    let params = parse(line, version);
    let mut errors = Vec::new();
    let mut seen = Vec::new();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let part = part.trim();
        let (key, value) = match (part.split_once('='), default) {
            (Some((key, value)), _) => (key, value),
            (None, Some(default)) if !seen.contains(&default.to_owned()) => (default, part),
            (None, Some(_)) => {
                return Err(fault(&format!(
                    "duplicate key in comma-separated list property: {}",
                    default.unwrap_or_default()
                )));
            }
            (None, None) => {
                return Err(fault("value without key, but schema does not define a default key"));
            }
        };
        let key = match key {
            "volume" if format == "drive" => "file",
            key if format == "net" && is_model(key) => {
                seen.push("model".to_owned());
                "macaddr"
            }
            key => key,
        };
        if seen.iter().any(|k| k == key) {
            return Err(fault(&format!("duplicate key in comma-separated list property: {key}")));
        }
        seen.push(key.to_owned());
        match find(&params, key) {
            None => errors.push(format!("{name}.{key}: {EXTRA}")),
            Some(param) => {
                if let Err(text) = param.ty.check(key, value, version) {
                    errors.push(format!("{name}.{key}: {}", text.trim_end()));
                }
            }
        }
    }
    for param in params.iter().filter(|p| !p.optional && !seen.contains(&p.name)) {
        errors.push(format!("{name}.{}: {MISSING}", param.name));
    }
    if errors.is_empty() { Ok(()) } else { Err(fault(&format!("format error\n{}", errors.join("\n")))) }
}

fn fault(text: &str) -> String {
    format!("invalid format - {text}\n")
}

fn is_model(key: &str) -> bool {
    find(&models(), "model").is_some_and(|model| model.ty.check("model", key, PveVersion::V8).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(format: &str, text: &str) -> Option<String> {
        check(format, "x0", text, PveVersion::V8).err()
    }

    #[test]
    fn good_strings() {
        for (format, text) in [
            ("net", "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=5,firewall=1"),
            ("net", "virtio,bridge=vmbr0"),
            ("net", "model=virtio,macaddr=BC:24:11:00:00:01"),
            ("drive", "local-lvm:8,discard=on,iothread=1,ssd=1"),
            ("drive", "file=local:iso/x.iso,media=cdrom"),
            ("drive", "none,media=cdrom"),
            ("agent", "1"),
            ("agent", "enabled=1,fstrim_cloned_disks=1"),
            ("memory", "512"),
            ("ipconfig", "ip=dhcp,ip6=auto"),
            ("ct-net", "name=eth0,bridge=vmbr0,ip=dhcp"),
            ("ct-root", "local-lvm:8"),
            ("ct-mount", "volume=local-lvm:8,mp=/data,backup=1"),
            ("ct-features", "nesting=1,mount=nfs;cifs"),
            ("ipconfig", "ip=10.0.0.5/24,gw=10.0.0.1"),
        ] {
            assert_eq!(refused(format, text), None, "{format} {text}");
        }
    }

    #[test]
    fn the_texts_name_the_property() {
        assert_eq!(
            check("memory", "memory", "x", PveVersion::V8).unwrap_err(),
            "invalid format - format error\nmemory.current: type check ('integer') failed - got 'x'\n"
        );
        assert!(refused("net", "bridge=vmbr0").unwrap().contains("x0.model: property is missing"));
        assert!(refused("net", "virtio,bogus=1").unwrap().contains("x0.bogus: property is not defined"));
        assert!(refused("ct-net", "bridge=vmbr0").unwrap().contains("x0.name: property is missing"));
        assert!(refused("ct-mount", "local-lvm:8").unwrap().contains("x0.mp: property is missing"));
        assert!(refused("ipconfig", "dhcp").unwrap().contains("value without key"));
        assert!(refused("drive", "local:1,local:2").unwrap().contains("duplicate key"));
        assert!(refused("agent", "fstrim_cloned_disks=1").unwrap().contains("x0.enabled"));
    }

    #[test]
    fn nine_has_lost_and_won_keys() {
        assert!(check("drive", "scsi0", "a1:1,cyls=1", PveVersion::V8).is_ok());
        assert!(check("drive", "scsi0", "a1:1,cyls=1", PveVersion::V9).is_err());
        assert!(check("agent", "agent", "1,freeze-fs=1", PveVersion::V9).is_ok());
    }
}
