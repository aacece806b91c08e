//! Snapshots of a guest.

use clap::Subcommand;

use super::guest::Id;

#[derive(Debug, Subcommand)]
pub(crate) enum Snapshot {
    /// List them
    List(Id),
    /// Keep its disks and configuration as they are now
    Create {
        #[command(flatten)]
        id: Id,
        /// Name of the snapshot
        #[arg(value_name = "SNAPSHOT")]
        name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Keep the memory of a VM too, so that it goes on from there
        #[arg(long)]
        memory: bool,
    },
    /// Go back to it; what came after is lost, and a guest that runs is stopped
    Rollback {
        #[command(flatten)]
        id: Id,
        /// Name of the snapshot
        #[arg(value_name = "SNAPSHOT")]
        name: String,
    },
    /// Delete it; the guest stays as it is
    Delete {
        #[command(flatten)]
        id: Id,
        /// Name of the snapshot
        #[arg(value_name = "SNAPSHOT")]
        name: String,
    },
}
