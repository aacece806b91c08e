//! Files that come onto a storage, sent or fetched.

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::state::State;
use crate::storage::{Volume, format_of};
use crate::task::{Plan, moving};

/// What is to become a volume.
struct Wanted {
    storage: String,
    content: String,
    filename: String,
    algorithm: Option<String>,
    checksum: Option<String>,
}

impl Wanted {
    /// What the request asks for, as far as it can be seen to be right before a task begins.
    fn of(ctx: &Ctx<'_>, unfit: &str) -> Result<Self, Refusal> {
        let (id, content) = (ctx.text("storage").to_owned(), ctx.text("content").to_owned());
        let storage = ctx.state.usable(&id, ctx.node())?;
        if !storage.has_files() {
            return failed(format!("can't upload to storage type '{}'{unfit}", storage.kind));
        }
        let filename = normalized(ctx.text("filename"));
        let lower = filename.to_ascii_lowercase();
        let ends =
            |endings: &[&str]| endings.iter().any(|end| lower.len() > end.len() && lower.ends_with(end));
        match content.as_str() {
            "iso" if !ends(&[".iso", ".img"]) => return bad_param("filename", "wrong file extension"),
            "vztmpl" if !ends(&[".tar", ".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2"]) => {
                return bad_param("filename", "wrong file extension");
            }
            "import" if !ends(&[".ova", ".qcow2", ".raw", ".vmdk"]) => {
                return bad_param("filename", "invalid filename or wrong extension");
            }
            _ => {}
        }
        if !storage.content.contains(&content) {
            return failed(format!("storage '{id}' does not support '{content}' content"));
        }
        let text = |name: &str| ctx.opt(name).map(str::to_owned);
        let (algorithm, checksum) = (text("checksum-algorithm"), text("checksum"));
        Ok(Self { storage: id, content, filename, algorithm, checksum })
    }

    fn volid(&self) -> String {
        format!("{}:{}/{}", self.storage, self.content, self.filename)
    }

    /// The digest is the one that is asked for, or none is.
    fn verify(&self, content: &[u8], behind: &str) -> Result<bool, String> {
        let (Some(algorithm), Some(expected)) = (&self.algorithm, &self.checksum) else {
            return Ok(false);
        };
        let got = digest(algorithm, content)?;
        if got.eq_ignore_ascii_case(expected) {
            Ok(true)
        } else {
            Err(format!("checksum mismatch: got '{got}' != expect '{expected}'{behind}"))
        }
    }

    /// How large it is to a guest. Disks are looked at, but for raw ones.
    fn size(&self, content: &[u8], at: &str) -> Result<u64, String> {
        let length = content.len() as u64;
        if self.content != "import" {
            return Ok(length);
        }
        let no = |why: &str| Err(format!("qemu-img: Could not open '{at}': {why}"));
        match self.filename.rsplit('.').next() {
            Some("qcow2") => match content.get(..32) {
                Some(head) if head.starts_with(b"QFI\xfb") => {
                    Ok(head[24..32].iter().fold(0, |size, byte| size << 8 | u64::from(*byte)))
                }
                _ => no("Image is not in qcow2 format"),
            },
            Some("vmdk") if !content.starts_with(b"KDMV") => no("invalid VMDK image descriptor"),
            _ => Ok(length),
        }
    }
}

/// As PVE makes a file name of what it is told.
fn normalized(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // Each byte of another character becomes one.
    name.chars().map(|c| if plain(c) { c.to_string() } else { "_".repeat(c.len_utf8()) }).collect()
}

fn digest(algorithm: &str, content: &[u8]) -> Result<String, String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect();
    Ok(match algorithm {
        "sha224" => hex(&Sha224::digest(content)),
        "sha256" => hex(&Sha256::digest(content)),
        "sha384" => hex(&Sha384::digest(content)),
        "sha512" => hex(&Sha512::digest(content)),
        other => return Err(format!("the simulator does not compute {other}")),
    })
}

/// `POST /nodes/{node}/storage/{storage}/upload`
pub(crate) fn upload(ctx: &mut Ctx<'_>) -> Answer {
    let wanted = Wanted::of(ctx, "")?;
    let Some(content) = ctx.file.map(<[u8]>::to_vec) else {
        return match ctx.opt("tmpfilename") {
            Some(name) => failed(format!("temporary file '{name}' does not exist")),
            None => failed("missing temporary file name"),
        };
    };
    let node = ctx.node().to_owned();
    let at =
        format!("/var/tmp/pveupload-{}", crate::state::digest(&[&wanted.filename]).get(..32).unwrap_or(""));
    let dest = format!("/var/lib/vz/{}/{}", directory(&wanted.content), wanted.filename);
    let checked = wanted.verify(&content, "");
    let mut plan =
        Plan::new(0.1 + moving(content.len() as u64)).line(format!("starting file import from: {at}"));
    match &checked {
        Ok(true) => plan = plan.line("calculating checksum...OK, checksum verified"),
        Ok(false) => {}
        Err(_) => plan = plan.line("calculating checksum..."),
    }
    let size = checked.and_then(|_| wanted.size(&content, &at));
    if size.is_ok() {
        for line in [
            format!("target node: {node}"),
            format!("target file: {dest}"),
            format!("file size is: {}", content.len()),
            format!("command: cp -- {at} {dest}"),
        ] {
            plan = plan.line(line);
        }
        plan = plan.line_at(1.0, "finished file import successfully");
    }
    let plan = plan.work(move |state, now| {
        let size = size?;
        state.put_file(&wanted, &node, content, size, now)
    });
    ctx.fork("imgcopy", "", plan)
}

/// `POST /nodes/{node}/storage/{storage}/download-url`
pub(crate) fn download(ctx: &mut Ctx<'_>) -> Answer {
    let node = ctx.node().to_owned();
    let on_node = ctx.allows(&format!("/nodes/{node}"), &["Sys.AccessNetwork"]);
    if !on_node {
        ctx.require("/", &["Sys.Modify"])?;
    }
    let url = ctx.text("url").to_owned();
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return bad_param("url", "value does not match the regex pattern");
    }
    let wanted = Wanted::of(ctx, ", not a file based storage!")?;
    let dest = format!("/var/lib/vz/{}/{}", directory(&wanted.content), wanted.filename);
    let subject = wanted.filename.clone();
    let found = ctx.state.web.get(&url).cloned();
    let length = found.as_ref().map_or(0, Vec::len) as u64;
    let plan = Plan::new(0.2 + moving(length)).line(format!("downloading {url} to {dest}")).work(
        move |state, now| {
            if let Some(there) = state.file(&wanted.volid(), &node) {
                return match wanted.verify(there, ", aborting")? {
                    true => Ok(()),
                    false => Err(format!("refusing to override existing file '{dest}'")),
                };
            }
            if state.volume(&wanted.volid(), &node).is_some() {
                return Err(format!("refusing to override existing file '{dest}'"));
            }
            let Some(content) = found else {
                return Err("download failed: exit code 8".to_owned());
            };
            wanted.verify(&content, "")?;
            let size = wanted.size(&content, &dest).map_err(|why| format!("failed to verify file: {why}"))?;
            state.put_file(&wanted, &node, content, size, now)
        },
    );
    ctx.fork("download", &subject, plan)
}

/// Where a storage keeps such files.
fn directory(content: &str) -> &'static str {
    match content {
        "iso" => "template/iso",
        "vztmpl" => "template/cache",
        _ => "import",
    }
}

impl State {
    /// Stores a file, in the place of one of that name.
    fn put_file(
        &mut self,
        wanted: &Wanted,
        node: &str,
        content: Vec<u8>,
        size: u64,
        now: f64,
    ) -> Result<(), String> {
        let volid = wanted.volid();
        self.remove_volume(&volid, node);
        let Some(storage) = self.storages.get_mut(&wanted.storage) else {
            return Err(format!("storage '{}' does not exist", wanted.storage));
        };
        storage
            .fits(node, content.len() as u64)
            .map_err(|_| "import failed: No space left on device".to_owned())?;
        let node = (!storage.shared).then(|| node.to_owned());
        storage.volumes.push(Volume {
            volid: volid.clone(),
            node: node.clone(),
            content: wanted.content.clone(),
            format: format_of(&volid).to_owned(),
            size,
            vmid: None,
            parent: None,
            ctime: now,
        });
        self.files.insert((volid, node), content);
        Ok(())
    }

    /// What is in a file that came while the simulation ran.
    pub(crate) fn file(&self, volid: &str, node: &str) -> Option<&[u8]> {
        let there = |node: Option<&str>| self.files.get(&(volid.to_owned(), node.map(str::to_owned)));
        there(Some(node)).or_else(|| there(None)).map(Vec::as_slice)
    }
}
