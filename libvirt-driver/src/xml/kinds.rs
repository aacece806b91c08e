//! Words of libvirt that are read and written alike. What is not known here is kept as it is.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
            /// Another one, in libvirt's word.
            Other(String),
        }

        impl $name {
            /// libvirt's word for it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    word => Self::Other(word.to_owned()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What runs a domain.
    VirtType {
        /// The kernel's virtualization.
        Kvm = "kvm",
        /// Emulation, which needs nothing of the host and is slow.
        Qemu = "qemu",
        /// Nothing: the daemon's test driver, whose domains exist on paper only.
        Test = "test",
    }
}

words! {
    /// The format of an image.
    Format {
        /// As the guest sees it.
        Raw = "raw",
        /// QEMU's own, which grows with its content and may have a backing file and snapshots.
        Qcow2 = "qcow2",
    }
}

words! {
    /// How a disk is attached.
    Bus {
        /// A disk of its own on the paravirtual bus.
        Virtio = "virtio",
        /// On a SATA controller.
        Sata = "sata",
        /// On a SCSI controller, which is a paravirtual one unless the domain has another.
        Scsi = "scsi",
        /// On an IDE controller, which only the machine `pc` has.
        Ide = "ide",
        /// On a USB controller.
        Usb = "usb",
    }
}

words! {
    /// What a disk is to the guest.
    DiskDevice {
        /// A disk.
        Disk = "disk",
        /// A drive whose medium may be taken out.
        Cdrom = "cdrom",
    }
}

words! {
    /// What the guest is booted from.
    BootDevice {
        /// The first disk.
        Disk = "hd",
        /// The first drive.
        Cdrom = "cdrom",
        /// The network.
        Network = "network",
    }
}

impl Bus {
    /// How the targets of disks on this bus begin, which some guests and all tools look at.
    pub(super) fn prefix(&self) -> &'static str {
        match self {
            Self::Virtio => "vd",
            Self::Ide => "hd",
            Self::Other(word) if word == "fdc" => "fd",
            Self::Sata | Self::Scsi | Self::Usb | Self::Other(_) => "sd",
        }
    }
}
