use proxmox_core::Result;

use super::super::{Element, check};

/// What a guest's processor looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CpuXml {
    /// As the host's, with everything it has: fastest, and bound to such hosts.
    HostPassthrough,
    /// The model that is nearest to the host's.
    HostModel,
    /// All that the hypervisor can do: what emulation is best at.
    Maximum,
    /// This model, such as `x86-64-v2` or `EPYC`.
    Named(String),
}

impl CpuXml {
    pub(super) fn write(&self) -> Result<Element> {
        let cpu = |mode| Element::new("cpu").with_attribute("mode", mode);
        Ok(match self {
            Self::HostPassthrough => cpu("host-passthrough"),
            Self::HostModel => cpu("host-model"),
            Self::Maximum => cpu("maximum"),
            Self::Named(model) => {
                check::word("cpu", model)?;
                let model = Element::new("model").with_attribute("fallback", "forbid").with_text(model);
                cpu("custom").with_attribute("match", "exact").with(model)
            }
        })
    }
}

/// What starts the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FirmwareXml {
    /// The machine's own: a BIOS on x86.
    Bios,
    /// UEFI, from the files that the host's descriptions name.
    Efi,
    /// UEFI from these files: the program, and the template of its variables.
    EfiFiles {
        /// The program, such as `/usr/share/OVMF/OVMF_CODE_4M.fd`.
        loader: String,
        /// What the domain's own variables begin as, such as `/usr/share/OVMF/OVMF_VARS_4M.fd`.
        nvram_template: String,
    },
}

impl FirmwareXml {
    /// Adds it to `<os>`.
    pub(super) fn write(&self, mut os: Element) -> Result<Element> {
        match self {
            Self::Bios => {}
            Self::Efi => os.set_attribute("firmware", "efi"),
            Self::EfiFiles { loader, nvram_template } => {
                check::path("firmware.loader", loader)?;
                check::path("firmware.nvram_template", nvram_template)?;
                let program = Element::new("loader").with_attribute("readonly", "yes");
                os.push(program.with_attribute("type", "pflash").with_text(loader));
                os.push(Element::new("nvram").with_attribute("template", nvram_template));
            }
        }
        Ok(os)
    }
}

/// A kernel that is started without a boot loader; its files are on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelXml {
    pub(super) kernel: String,
    pub(super) initrd: Option<String>,
    pub(super) cmdline: Option<String>,
}

impl KernelXml {
    /// This kernel.
    #[must_use]
    pub fn new(kernel: &str) -> Self {
        Self { kernel: kernel.to_owned(), initrd: None, cmdline: None }
    }

    /// With this first file system.
    #[must_use]
    pub fn initrd(mut self, initrd: &str) -> Self {
        self.initrd = Some(initrd.to_owned());
        self
    }

    /// With these words for it, such as `console=ttyS0`.
    #[must_use]
    pub fn cmdline(mut self, cmdline: &str) -> Self {
        self.cmdline = Some(cmdline.to_owned());
        self
    }

    /// Adds it to `<os>`.
    pub(super) fn write(&self, mut os: Element) -> Result<Element> {
        check::path("kernel", &self.kernel)?;
        os.push(Element::new("kernel").with_text(&self.kernel));
        if let Some(initrd) = &self.initrd {
            check::path("initrd", initrd)?;
            os.push(Element::new("initrd").with_text(initrd));
        }
        if let Some(cmdline) = &self.cmdline {
            check::line("cmdline", cmdline)?;
            os.push(Element::new("cmdline").with_text(cmdline));
        }
        Ok(os)
    }
}
