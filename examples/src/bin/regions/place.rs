//! One region at work. Nothing here knows what it is made of.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use examples::exit::Exit;
use examples::pairs;
use proxmox_core::backend::{
    Backend, Capacity, Fit, Image, Instance, InstanceSpec, InstanceType, Region, RegionKind, Regions,
};
use proxmox_core::guest::Exec;
use proxmox_core::{Error, ErrorKind, Outcome, Result};
use proxmox_sdk::regions;

use crate::args::Cli;
use crate::text;

/// Between two looks at a guest that boots.
const LOOK: Duration = Duration::from_secs(1);

/// What is wanted of the instances.
pub(crate) struct Wanted {
    pub(crate) name: String,
    size: Option<String>,
    tag: String,
    user_data: Option<String>,
    pub(crate) wait: Option<Duration>,
    pub(crate) keep: bool,
}

impl Wanted {
    pub(crate) fn of(cli: &Cli) -> Result<Self> {
        let read = |file: &std::path::PathBuf| pairs::read("user-data", &file.to_string_lossy());
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            name: cli.name.clone().unwrap_or_else(|| format!("regions-{:x}", since.as_millis())),
            size: cli.size.clone(),
            tag: cli.tag.clone(),
            user_data: cli.user_data.as_ref().map(read).transpose()?,
            wait: cli.wait.map(Duration::from_secs),
            keep: cli.keep,
        })
    }
}

/// A region, and what has come of it so far.
pub(crate) struct Place {
    /// Its name, or that of a node of it.
    pub(crate) name: String,
    pub(crate) region: Region,
    backend: Option<Box<dyn Backend>>,
    pub(crate) capacity: Option<Capacity>,
    pub(crate) instances: Option<Vec<Instance>>,
    pub(crate) made: Option<Instance>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) deleted: bool,
    /// What went wrong. After the first nothing more is done there, but to delete what was made.
    pub(crate) errors: Vec<Error>,
}

impl Place {
    pub(crate) async fn open(all: &Regions, name: &str) -> Self {
        let (region, backend) = match all.get(name) {
            Ok(region) => (region.clone(), regions::open_named(all, name).await),
            Err(_) => unreachable!("the names were checked"),
        };
        let mut place = Self {
            name: name.to_owned(),
            region,
            backend: None,
            capacity: None,
            instances: None,
            made: None,
            addresses: Vec::new(),
            deleted: false,
            errors: Vec::new(),
        };
        place.backend = place.note(backend);
        place
    }

    /// Where it leads.
    pub(crate) fn endpoint(&self) -> String {
        match (&self.backend, &self.region) {
            (Some(backend), _) => backend.info().endpoint,
            (None, Region::Libvirt(region)) => region.uri.clone(),
            (None, Region::Proxmox(region)) => region.url.clone(),
            (None, _) => String::new(),
        }
    }

    /// The stable name of where an instance is: that of the region, or of the node of it.
    pub(crate) fn stable_name(&self, instance: &Instance) -> String {
        match &self.region {
            Region::Proxmox(region) => match instance.node.parse() {
                Ok(node) => region.node_region(&node),
                Err(_) => region.common.name.clone(),
            },
            other => other.name().to_owned(),
        }
    }

    pub(crate) fn kind(&self) -> RegionKind {
        self.region.kind()
    }

    pub(crate) fn failed(&self) -> bool {
        !self.errors.is_empty()
    }

    /// What it offers, and whether that fits.
    pub(crate) fn sizes(&self) -> Vec<(&InstanceType, Fit)> {
        let Some(capacity) = &self.capacity else { return Vec::new() };
        self.region.common().instance_types.iter().map(|kind| (kind, capacity.fit(kind))).collect()
    }

    /// Keeps an error, and gives the rest.
    fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(good) => Some(good),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    /// The backend, as long as nothing went wrong.
    fn at_work(&self) -> Option<&dyn Backend> {
        if self.failed() { None } else { self.backend.as_deref() }
    }

    /// What there is, and what lives there.
    pub(crate) async fn look(&mut self) {
        let Some(backend) = self.at_work() else { return };
        let (capacity, instances) = tokio::join!(backend.capacity(), backend.list());
        self.capacity = self.note(capacity);
        self.instances = self.note(instances);
    }

    /// What lives there now.
    pub(crate) async fn look_again(&mut self) {
        let Some(backend) = self.at_work() else { return };
        let instances = backend.list().await;
        self.instances = self.note(instances);
    }

    pub(crate) async fn create(&mut self, wanted: &Wanted, image: Option<Image>) {
        let (Some(backend), Some(image)) = (self.at_work(), image) else { return };
        let began = Instant::now();
        let made = async {
            let mut spec = InstanceSpec::new(&wanted.name, self.size(wanted)?.clone(), image);
            if let Some(text) = &wanted.user_data {
                spec = spec.user_data(text);
            }
            backend.create(&spec).await
        };
        let made = made.await;
        if let Some(made) = self.note(made) {
            examples::tell!("{}", text::done(self, &format!("made on {}", made.node), began));
            self.made = Some(made);
        }
    }

    /// The size that is wanted, or the first that fits.
    fn size(&self, wanted: &Wanted) -> Result<&InstanceType> {
        if let Some(name) = &wanted.size {
            return self.region.instance_type(name);
        }
        // CPUs may be promised more than once.
        let fits = |fit: &Fit| matches!(fit, Fit::Fits | Fit::OverCpu);
        let found = self.sizes().into_iter().find(|(_, fit)| fits(fit));
        found.map(|(kind, _)| kind).ok_or_else(|| {
            let text = format!("region {} offers no instance type that fits", self.name);
            Error::new(ErrorKind::Refused, Outcome::NotSent, text)
                .with_advice("see what fits above, or list another type in available_instance_types")
        })
    }

    pub(crate) async fn tag(&mut self, wanted: &Wanted) {
        let (Some(backend), Some(made)) = (self.at_work(), &self.made) else { return };
        let began = Instant::now();
        let tagged = async {
            backend.set_tags(&made.id, std::slice::from_ref(&wanted.tag)).await?;
            backend.get(&made.id).await
        };
        let tagged = tagged.await;
        if let Some(tagged) = self.note(tagged) {
            examples::tell!("{}", text::done(self, &format!("tagged {}", tagged.tags.join(" ")), began));
            self.made = Some(tagged);
        }
    }

    /// Until its agent answers and it has an address.
    pub(crate) async fn wait(&mut self, patience: Duration) {
        let (Some(backend), Some(made)) = (self.at_work(), &self.made) else { return };
        let began = Instant::now();
        let waited = async {
            loop {
                let addresses = backend.ips(&made.id).await?;
                let answer = backend.exec(&made.id, Exec::new(["hostname"])).await;
                match answer {
                    Ok(_) if addresses.is_empty() => {}
                    Ok(said) => return Ok((said.stdout.text().trim().to_owned(), addresses)),
                    Err(e) if may_come(&e) => {}
                    Err(e) => return Err(e),
                }
                if began.elapsed() >= patience {
                    let text = format!("no agent that answers, or no address, within {patience:?}");
                    let error = Error::new(ErrorKind::Timeout, Outcome::Applied, text);
                    return Err(error.about(&made.name).with_advice("the image needs qemu-guest-agent"));
                }
                pause().await;
            }
        };
        let waited = waited.await;
        if let Some((hostname, addresses)) = self.note(waited) {
            let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let text = format!("its agent says it is {hostname}, at {}", all.join(" "));
            examples::tell!("{}", text::done(self, &text, began));
            self.addresses = addresses;
        }
    }

    /// Whatever went wrong: what was made goes.
    pub(crate) async fn delete(&mut self) {
        let (Some(backend), Some(made)) = (self.backend.as_deref(), &self.made) else { return };
        let began = Instant::now();
        let deleted = backend.delete(&made.id).await.map_err(|e| {
            let advice = format!("{} ({}) is still there: delete it yourself", made.name, made.id);
            e.about(format!("region {}", self.name)).with_advice(advice)
        });
        if let Some(existed) = self.note(deleted) {
            let text = if existed { "deleted" } else { "was gone already" };
            examples::tell!("{}", text::done(self, text, began));
            self.deleted = true;
        }
    }
}

/// Whether an agent may answer later.
fn may_come(error: &Error) -> bool {
    error.kind() == ErrorKind::Agent || error.kind().is_transient()
}

// The time of this program is the machine's.
#[allow(clippy::disallowed_methods)]
async fn pause() {
    tokio::time::sleep(LOOK).await;
}

/// The highest code of all errors.
pub(crate) fn exit(places: &[Place]) -> Exit {
    let all = places.iter().flat_map(|place| &place.errors).map(Exit::from);
    all.max_by_key(|exit| *exit as u8).unwrap_or(Exit::Done)
}
