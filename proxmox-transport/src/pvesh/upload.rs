//! A file for `pvesh`: it takes one only where PVE's own web server would have put it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proxmox_core::FilePart;

/// What perl says when it cannot put the file there.
pub(super) const NO_ROOM: &str = "proxmox-sdk: the file cannot be put on the node";

/// A name of the form that PVE takes.
pub(super) fn name() -> String {
    format!("/var/tmp/pveupload-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}

/// The arguments that name the file, and then its content for the script, which takes it away again.
pub(super) fn arguments(file: &FilePart, name: &str) -> [String; 3] {
    let content = file.content().map_or(&[][..], |content| content);
    [format!("--filename={}", file.name()), format!("--tmpfilename={name}"), BASE64.encode(content)]
}

/// Puts the last argument into a new file that only root reads. PVE's task takes it away, and so does the end of the script, where it
/// did not come to a task: also one by a signal, such as that of a connection that is gone.
pub(super) fn perl(root: &Path, name: &str) -> String {
    let path = format!("{}{name}", root.display());
    format!(
        "require MIME::Base64; \
         my ($put,$me)=(q({path}),$$); \
         END {{ unlink $put if $put && $me == $$ }} \
         $SIG{{$_}}=sub {{ exit 143 }} for qw(HUP INT TERM); \
         {{ my $to; \
         sysopen($to,$put,0301,0600) && binmode($to) && print {{$to}} (MIME::Base64::decode_base64(pop @ARGV)) \
         and close($to) or die \"{NO_ROOM}: $!\\n\" }} "
    )
}
