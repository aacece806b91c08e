//! The report as one page that needs nothing else: no network, no script.

mod markup;
mod table;

use markup::{Bar, badge, bytes, dot, escape, meter, sub, tile};
use table::Table;

use crate::flag::{Flag, Severity};
use crate::human::{self, count};
use crate::report::{DiskRow, GuestCondition, GuestRow, NodeCondition, NodeRow, Report, StorageRow, Summary};

const STYLE: &str = include_str!("style.css");

/// Up to so many guests are shown at once; of more, only those are unfolded whose node has something to say.
const UNFOLDED: usize = 200;

impl Report {
    /// The report as one self-contained HTML file, light or dark as the reader's system is. Its content security policy forbids
    /// scripts and everything from elsewhere; what the server sent is text and nothing else.
    #[must_use]
    pub fn html(&self) -> String {
        Page(self).render()
    }
}

struct Page<'a>(&'a Report);

impl Page<'_> {
    fn render(&self) -> String {
        let mut page = String::with_capacity(16_384 + 1024 * self.0.summary.guests);
        page.push_str(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n",
        );
        page.push_str(&format!(
            "<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
            self.title()
        ));
        page.push_str(&self.header());
        page.push_str("<main>\n");
        page.push_str(&overview(&self.0.summary));
        page.push_str(&self.attention());
        self.tables(&mut page);
        self.guests(&mut page);
        page.push_str("</main>\n");
        page.push_str(&self.footer());
        page.push_str("</body>\n</html>\n");
        page
    }

    fn title(&self) -> String {
        let sum = &self.0.summary;
        let verdict = match (sum.critical, sum.warnings) {
            (0, 0) => "all well".to_owned(),
            (0, warnings) => count(warnings, "warning", "warnings"),
            (critical, _) => format!("{critical} critical"),
        };
        format!("Fleet report: {verdict}")
    }

    fn header(&self) -> String {
        let mut header = String::from("<header>\n<h1>Fleet report</h1>\n");
        for source in &self.0.sources {
            let time = human::time(source.taken);
            let machine = time.replace(' ', "T");
            let name = source.name.as_deref().map(|name| format!("<strong>{}</strong> ", escape(name)));
            let name = name.unwrap_or_default();
            let what = if source.unanswered.is_some() { "did not answer at" } else { "as of" };
            header
                .push_str(&format!("<p>{name}{what} <time datetime=\"{machine}Z\">{time} UTC</time></p>\n"));
        }
        header.push_str("</header>\n");
        header
    }

    fn attention(&self) -> String {
        let mut text = String::from("<section>\n<h2>Attention</h2>\n");
        let (notes, urgent): (Vec<&Flag>, Vec<&Flag>) =
            self.0.flags.iter().partition(|flag| flag.severity == Severity::Note);
        if urgent.is_empty() {
            text.push_str("<p class=\"well\">Nothing needs attention.</p>\n");
        } else {
            text.push_str(&flags(&urgent));
        }
        if !notes.is_empty() {
            text.push_str(&format!(
                "<details class=\"notes\"><summary>{}</summary>\n{}</details>\n",
                count(notes.len(), "note", "notes"),
                flags(&notes)
            ));
        }
        text.push_str("</section>\n");
        text
    }

    fn tables(&self, page: &mut String) {
        let mut nodes = Table::new([
            ("Node", ""),
            ("State", ""),
            ("CPU", "bars"),
            ("Memory", "bars"),
            ("Root disk", "bars"),
            ("Swap", "bars"),
            ("Load", ""),
            ("Uptime", ""),
            ("PVE", ""),
        ]);
        for node in &self.0.nodes {
            nodes.row(node.worst, self.node(node));
        }
        section(page, "Nodes", &nodes);

        let mut storages =
            Table::new([("Storage", ""), ("Type", ""), ("On", ""), ("State", ""), ("Used", "bars")]);
        for storage in &self.0.storages {
            storages.row(storage.worst, self.storage(storage));
        }
        section(page, "Storages", &storages);

        let mut disks = Table::new([
            ("Disk", ""),
            ("Node", ""),
            ("Model", ""),
            ("Size", "number"),
            ("SMART", ""),
            ("Life left", "bars"),
            ("Used by", ""),
        ]);
        for row in &self.0.disks {
            disks.row(row.worst, self.disk(row));
        }
        section(page, "Disks", &disks);
    }

    fn node(&self, node: &NodeRow) -> [String; 9] {
        let cpus = node.cpus.map(|cpus| format!("of {}", cpu_count(cpus)));
        let cpu = node.cpu_percent.map(|cpu| meter(&Bar::plain(cpu), &cpus.unwrap_or_default()));
        let swap = crate::Levels::new(self.0.thresholds.swap_percent, f64::INFINITY);
        let load: Vec<String> = node.load.iter().map(|load| format!("{load:.2}")).collect();
        let load = match load.join(" ") {
            none if none.is_empty() => none,
            some => sub(&some),
        };
        let kind = match node.condition {
            NodeCondition::Online => "ok",
            NodeCondition::Offline | NodeCondition::Unreachable(_) => "critical",
        };
        [
            escape(&node.place()),
            dot(kind, node.condition.as_str()),
            cpu.unwrap_or_default(),
            bytes(node.memory.as_ref(), Some(&self.0.thresholds.memory)),
            bytes(node.rootfs.as_ref(), Some(&self.0.thresholds.rootfs)),
            bytes(node.swap.as_ref(), Some(&swap)),
            load,
            node.uptime.map(human::uptime).unwrap_or_default(),
            escape(node.version.as_deref().unwrap_or_default()),
        ]
    }

    fn storage(&self, storage: &StorageRow) -> [String; 5] {
        let kind = match (storage.enabled, storage.inactive_on.is_empty()) {
            (false, _) => "off",
            (true, true) => "ok",
            (true, false) => "warning",
        };
        [
            escape(&storage.place()),
            escape(&storage.kind),
            escape(&storage.where_it_is()),
            dot(kind, storage.state()),
            bytes(storage.fill.as_ref(), Some(&self.0.thresholds.storage)),
        ]
    }

    fn disk(&self, disk: &DiskRow) -> [String; 7] {
        use proxmox_core::node::DiskHealth;
        let text = |text: &Option<String>| escape(text.as_deref().unwrap_or_default());
        let kind = match disk.health {
            DiskHealth::Passed => "ok",
            DiskHealth::Unknown => "off",
            _ => "critical",
        };
        let worn = |left: f64| (left <= self.0.thresholds.wearout_percent).then_some(Severity::Warning);
        let life = disk.wearout_percent.map(|left| meter(&Bar::life(left, worn(left)), ""));
        let model = [text(&disk.model), text(&disk.kind)];
        [
            escape(&disk.devpath),
            escape(&disk.place()),
            model.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            disk.size_bytes.map(human::bytes).unwrap_or_default(),
            dot(kind, disk.health.as_str()),
            life.unwrap_or_default(),
            text(&disk.used),
        ]
    }

    fn guests(&self, page: &mut String) {
        page.push_str("<section>\n<h2>Guests</h2>\n");
        if self.0.summary.guests == 0 {
            page.push_str("<p class=\"well\">There are no guests.</p>\n");
        }
        for node in self.0.nodes.iter().filter(|node| !node.guests.is_empty()) {
            let worst = node.guests.iter().filter_map(|guest| guest.worst).max();
            let open = self.0.summary.guests <= UNFOLDED || worst > Some(Severity::Note);
            let running = node.guests.iter().filter(|g| g.condition == GuestCondition::Running).count();
            let state = match node.condition {
                NodeCondition::Online => format!("{running} of {} running", node.guests.len()),
                _ => format!("{}: {} unknown", node.condition.as_str(), node.guests.len()),
            };
            page.push_str(&format!(
                "<details{}><summary><h3>{}</h3> <span class=\"sub\">{state}</span>{}</summary>\n",
                if open { " open" } else { "" },
                escape(&node.place()),
                worst.filter(|worst| *worst > Severity::Note).map(badge).unwrap_or_default(),
            ));
            let mut table = Table::new([
                ("Name", ""),
                ("ID", ""),
                ("State", ""),
                ("CPU", "bars"),
                ("Memory", "bars"),
                ("Disk", "number"),
                ("Uptime", ""),
                ("Address", ""),
                ("Snapshots", "number"),
                ("Tags", ""),
            ]);
            for row in &node.guests {
                table.row(row.worst, self.guest(row));
            }
            table.render(page);
            page.push_str("</details>\n");
        }
        page.push_str("</section>\n");
    }

    fn guest(&self, guest: &GuestRow) -> [String; 10] {
        let kind = match guest.condition {
            GuestCondition::Running => "ok",
            GuestCondition::Stopped => "off",
            GuestCondition::Template => "template",
            GuestCondition::Unknown => "unknown",
        };
        let lock = guest.lock.as_deref().map(|lock| format!("locked ({})", escape(lock)));
        let lock = lock.map(|lock| format!(" <span class=\"tag lock\">{lock}</span>")).unwrap_or_default();
        let cpus = guest.cpus.map(|cpus| format!("{cpus} CPU{}", if cpus == 1.0 { "" } else { "s" }));
        let cpu = match (guest.cpu_percent, cpus) {
            (Some(cpu), Some(cpus)) => meter(&Bar::plain(cpu), &format!("of {cpus}")),
            (Some(cpu), None) => meter(&Bar::plain(cpu), ""),
            (None, Some(cpus)) => sub(&cpus),
            (None, None) => String::new(),
        };
        // The thresholds are not for VMs.
        let levels = Some(&self.0.thresholds.memory).filter(|_| guest.kind == proxmox_core::GuestKind::Lxc);
        let memory = match guest.memory {
            Some(memory) => bytes(Some(&memory), levels),
            None => guest.memory_bytes.map(human::bytes).as_deref().map(sub).unwrap_or_default(),
        };
        let tags = guest.tags.iter().map(|tag| format!("<span class=\"tag\">{}</span>", escape(tag)));
        [
            escape(guest.name.as_deref().unwrap_or("(no name)")),
            format!("{} {}", sub(guest.kind.noun()), guest.vmid),
            format!("{}{lock}", dot(kind, guest.condition.as_str())),
            cpu,
            memory,
            guest.disk_bytes.filter(|&size| size > 0).map(human::bytes).unwrap_or_default(),
            guest.uptime.map(human::uptime).unwrap_or_default(),
            guest.address_text(),
            guest
                .snapshots
                .as_ref()
                .map(Vec::len)
                .filter(|&n| n > 0)
                .map(|n| n.to_string())
                .unwrap_or_default(),
            tags.collect::<Vec<_>>().join(" "),
        ]
    }

    fn footer(&self) -> String {
        let t = &self.0.thresholds;
        format!(
            "<footer>\n<p>Flagged: memory from {} / {} %, root file systems from {} / {} %, storages from {} / {} % \
             (warning / critical), swap from {} %, load above {} per CPU, {} % or less of a disk's life, snapshots older \
             than {} days. What did not answer is unknown, not gone.</p>\n</footer>\n",
            t.memory.warning,
            t.memory.critical,
            t.rootfs.warning,
            t.rootfs.critical,
            t.storage.warning,
            t.storage.critical,
            t.swap_percent,
            t.load_per_cpu,
            t.wearout_percent,
            t.snapshot_days
        )
    }
}

fn section(page: &mut String, title: &str, table: &Table) {
    if table.is_empty() {
        return;
    }
    page.push_str(&format!("<section>\n<h2>{title}</h2>\n"));
    table.render(page);
    page.push_str("</section>\n");
}

fn flags(flags: &[&Flag]) -> String {
    let mut text = String::from("<ul class=\"flags\">\n");
    for flag in flags {
        text.push_str(&format!(
            "<li class=\"{}\">{} <p><strong>{}</strong> {} <code>{}</code></p></li>\n",
            flag.severity,
            badge(flag.severity),
            escape(&flag.subject.to_string()),
            escape(&flag.sentence),
            flag.rule
        ));
    }
    text.push_str("</ul>\n");
    text
}

fn overview(sum: &Summary) -> String {
    let mut text = String::from("<section aria-label=\"Overview\">\n<dl class=\"tiles\">\n");
    let worst = match (sum.critical, sum.warnings) {
        (0, 0) => "ok",
        (0, _) => "warning",
        _ => "critical",
    };
    let attention = format!("{} critical", sum.critical);
    let rest =
        format!("{}, {}", count(sum.warnings, "warning", "warnings"), count(sum.notes, "note", "notes"));
    text.push_str(&tile("Attention", &attention, worst, &rest));

    let lost = sum.nodes - sum.nodes_online;
    let rest = match lost {
        0 => "all answered".to_owned(),
        n => format!("{n} did not answer"),
    };
    let class = if lost == 0 { "" } else { "critical" };
    text.push_str(&tile("Nodes online", &format!("{} of {}", sum.nodes_online, sum.nodes), class, &rest));

    let parts =
        [("ok", sum.running), ("off", sum.stopped), ("template", sum.templates), ("unknown", sum.unknown)];
    let names = GuestCondition::ALL.map(GuestCondition::as_str);
    let legend: Vec<String> = parts
        .iter()
        .zip(names)
        .skip(1)
        .filter(|((_, n), _)| *n > 0)
        .map(|((class, n), name)| {
            dot(class, &format!("{n} {}", if *name == *"template" && *n > 1 { "templates" } else { name }))
        })
        .collect();
    let rest = format!("{}<span class=\"legend\">{}</span>", markup::stack(&parts), legend.join(" "));
    text.push_str(&tile("Guests running", &format!("{} of {}", sum.running, sum.guests), "", &rest));

    if let Some(cpu) = sum.cpu_percent {
        let rest = format!("{}of {}", Bar::plain(cpu).svg(), cpu_count(sum.cpus));
        text.push_str(&tile("CPU", &human::percent(cpu), "", &rest));
    }
    for (name, fill) in [("Memory", sum.memory), ("Storage", sum.storage)] {
        let Some(fill) = fill else { continue };
        let amount = human::part(fill.used_bytes, fill.total_bytes);
        let rest = format!("{}{amount}", Bar::plain(fill.percent).svg());
        text.push_str(&tile(name, &human::percent(fill.percent), "", &rest));
    }
    text.push_str("</dl>\n</section>\n");
    text
}

fn cpu_count(n: i64) -> String {
    count(usize::try_from(n).unwrap_or(0), "CPU", "CPUs")
}
