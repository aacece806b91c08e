//! New domains, made of images.

mod checksum;
mod flow;
mod image;
mod image_head;
mod rollback;
mod spec;
mod virt_install;

pub use checksum::Checksum;
pub use image::Image;
pub use spec::NewDomain;
pub use virt_install::VirtInstall;
