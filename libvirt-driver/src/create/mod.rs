//! New domains, made of images.

mod checksum;
mod flow;
mod image;
mod image_head;
mod rollback;
mod spec;

pub use checksum::Checksum;
pub use image::Image;
pub use spec::NewDomain;
