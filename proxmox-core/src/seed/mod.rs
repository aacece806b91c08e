//! What a guest finds at its first boot: a small image with what cloud-init's data source NoCloud looks for.

mod calendar;
mod check;
mod cloud_config;
mod cloud_seed;
mod iso;
mod user_data;
mod yaml;

pub use cloud_config::{CloudConfig, CloudUser};
pub use cloud_seed::{CloudSeed, LABEL};
pub use iso::image;
pub use user_data::UserData;
