use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::testing::{brief, but, down, node, rows, vm};
use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A feed with a clock.
struct Rig {
    feed: Feed,
    settings: Settings,
    now: Instant,
}

impl Rig {
    fn new(queue: usize) -> Self {
        let settings = Settings { queue, ..Settings::default() };
        #[allow(clippy::disallowed_methods)] // Any instant does.
        let now = Instant::now();
        Self { feed: Feed::default(), settings, now }
    }

    fn enter(&mut self) -> u64 {
        self.feed.enter(self.now)
    }

    /// Asks when the time has come.
    fn poll(&mut self, answer: Result<Rows<Resource>>) {
        self.now += self.feed.wait(self.now);
        let ticket = self.feed.claim();
        self.feed.settle(ticket, answer, self.now, &self.settings);
        self.feed.release(ticket);
    }

    fn see(&mut self, guests: impl IntoIterator<Item = Value>) {
        self.poll(Ok(rows([node("pve1", "online")].into_iter().chain(guests))));
    }

    fn take(&mut self, id: u64) -> Vec<Event> {
        std::iter::from_fn(|| self.feed.take(id, self.now)).collect()
    }

    fn brief(&mut self, id: u64) -> Vec<String> {
        brief(&self.take(id))
    }
}

#[test]
fn a_snapshot_and_then_what_changes() {
    let mut rig = Rig::new(10);
    let first = rig.enter();
    assert_eq!(rig.brief(first), [""; 0], "nothing is known yet");
    rig.see([vm(100, "pve1")]);
    assert_eq!(rig.brief(first), ["snapshot 1 guests, 1 nodes"]);
    rig.see([vm(100, "pve1"), vm(101, "pve1")]);
    assert_eq!(rig.brief(first), ["added 101"]);
    rig.see([vm(101, "pve1"), vm(100, "pve1")]);
    assert_eq!(rig.brief(first), [""; 0]);
}

#[test]
fn who_comes_later_costs_nothing_and_gets_nothing_old() {
    let mut rig = Rig::new(10);
    let first = rig.enter();
    rig.see([vm(100, "pve1")]);
    rig.now += SECOND * 9;
    let second = rig.enter();
    assert_eq!(rig.brief(second), ["snapshot 1 guests, 1 nodes"]);
    rig.now += SECOND;
    let third = rig.enter();
    assert_eq!(rig.brief(third), [""; 0], "it is time to look again");
    rig.see([]);
    assert_eq!(rig.brief(third), ["snapshot 0 guests, 1 nodes"]);
    assert_eq!(rig.brief(second), ["removed 100 gone"]);
    assert_eq!(rig.brief(first), ["snapshot 0 guests, 1 nodes"]);
}

#[test]
fn trouble_is_told_once_and_so_is_its_end() {
    let mut rig = Rig::new(10);
    let first = rig.enter();
    rig.see([vm(100, "pve1"), vm(101, "pve1")]);
    rig.take(first);
    rig.poll(down());
    assert_eq!(rig.brief(first), ["stale Some(10) 20"]);
    assert_eq!(rig.feed.wait(rig.now), SECOND * 20);
    rig.poll(down());
    rig.poll(Ok(rows([vm(100, "pve1")])));
    assert_eq!(rig.brief(first), [""; 0], "still the same trouble");
    assert_eq!(rig.feed.wait(rig.now), SECOND * 80);
    rig.now += SECOND * 5;
    let late = rig.enter();
    assert_eq!(rig.brief(late), ["snapshot 2 guests, 1 nodes", "stale Some(75) 75"]);
    rig.see([vm(100, "pve1")]);
    for id in [first, late] {
        assert_eq!(rig.brief(id), ["recovered Some(150)", "removed 101 gone"]);
    }
    assert_eq!(rig.feed.wait(rig.now), SECOND * 10);
}

#[test]
fn trouble_before_the_first_answer() {
    let mut rig = Rig::new(10);
    let first = rig.enter();
    rig.poll(down());
    let late = rig.enter();
    for id in [first, late] {
        assert_eq!(rig.brief(id), ["stale None 20"]);
    }
    rig.see([]);
    for id in [first, late] {
        assert_eq!(rig.brief(id), ["recovered None", "snapshot 0 guests, 1 nodes"]);
    }
}

#[test]
fn gaps_are_told_when_they_change() {
    let mut rig = Rig::new(10);
    let first = rig.enter();
    let bad = json!({"id": "qemu/7", "type": "qemu"});
    rig.see([vm(100, "pve1"), bad.clone()]);
    assert_eq!(rig.brief(first), ["snapshot 1 guests, 1 nodes", "unreadable 1"]);
    rig.see([bad.clone()]);
    assert_eq!(rig.brief(first), [""; 0]);
    rig.see([bad.clone(), bad]);
    assert_eq!(rig.brief(first), ["unreadable 2"]);
    rig.see([]);
    assert_eq!(rig.brief(first), ["unreadable 0", "removed 100 gone"]);
}

#[test]
fn too_much_becomes_a_snapshot() {
    let mut rig = Rig::new(3);
    let (slow, prompt) = (rig.enter(), rig.enter());
    rig.see([]);
    rig.take(slow);
    rig.take(prompt);
    // What one look tells is never cut.
    rig.see((100..110).map(|n| vm(n, "pve1")));
    assert_eq!((rig.feed.inboxes[&slow].events.len(), rig.take(prompt).len()), (10, 10));
    for n in 110..200 {
        rig.see((100..n).map(|n| vm(n, "pve1")));
        assert!(rig.feed.inboxes[&slow].events.is_empty());
        assert_eq!(rig.take(prompt).len(), usize::from(n > 110));
    }
    rig.poll(down());
    assert_eq!(rig.brief(slow), ["snapshot 99 guests, 1 nodes, missed", "stale Some(10) 20"]);
    rig.see([]);
    assert_eq!(rig.take(slow).len(), 100);
}

#[test]
fn who_has_left_is_told_nothing() {
    let mut rig = Rig::new(3);
    let id = rig.enter();
    rig.see([]);
    rig.feed.leave(id);
    assert_eq!((rig.brief(id), rig.feed.inboxes.len()), (vec![], 0));
}

#[test]
fn an_answer_whose_turn_was_taken_away_is_dropped() {
    let mut rig = Rig::new(10);
    let id = rig.enter();
    let lame = rig.feed.claim();
    assert_eq!(rig.feed.asking(), Some(lame));
    rig.feed.release(lame);
    let next = rig.feed.claim();
    rig.feed.release(lame);
    assert_eq!(rig.feed.asking(), Some(next), "not its own any more");
    let answer = |guests: u32| {
        Ok(rows([node("pve1", "online")].into_iter().chain((100..100 + guests).map(|n| vm(n, "pve1")))))
    };
    rig.feed.settle(lame, answer(1), rig.now, &rig.settings);
    assert_eq!(rig.brief(id), [""; 0]);
    rig.feed.settle(next, answer(2), rig.now, &rig.settings);
    rig.feed.release(next);
    rig.feed.settle(lame, answer(3), rig.now, &rig.settings);
    assert_eq!(rig.brief(id), ["snapshot 2 guests, 1 nodes"]);
}

/// One look: whether there is an answer, which nodes are online, and each guest's node, CPU, whether it is a template and readable.
type Look = (u8, [bool; 2], Vec<(u32, usize, u8, u8)>);

fn looks() -> impl Strategy<Value = Vec<(Look, bool)>> {
    let guest = (100_u32..106, 0..2_usize, 0..100_u8, 0..8_u8);
    let look = (0..5_u8, any::<[bool; 2]>(), prop::collection::vec(guest, 0..6));
    prop::collection::vec((look, any::<bool>()), 1..20)
}

fn answer((fails, online, guests): Look) -> Result<Rows<Resource>> {
    if fails == 0 {
        return down();
    }
    let names = ["pve1", "pve2"];
    let nodes =
        names.into_iter().zip(online).map(|(name, on)| node(name, if on { "online" } else { "offline" }));
    let guests = guests.into_iter().map(|(n, on, cpu, luck)| {
        let row =
            but(vm(n, names[on]), json!({"cpu": f64::from(cpu) / 100.0, "template": i32::from(luck == 1)}));
        if luck == 0 { but(row, json!({"vmid": null})) } else { row }
    });
    Ok(rows(nodes.chain(guests)))
}

proptest! {
    #[test]
    fn whoever_applies_the_events_knows_what_was_told(looks in looks(), queue in 0..6_usize) {
        let mut rig = Rig::new(queue);
        let (prompt, slow) = (rig.enter(), rig.enter());
        let (mut seen, mut late) = (View::default(), View::default());
        for (look, fetches) in looks {
            rig.poll(answer(look));
            rig.take(prompt).iter().for_each(|event| seen.apply(event));
            if let Some(told) = &rig.feed.told {
                prop_assert_eq!((&seen.guests, &seen.nodes), (&told.guests, &told.nodes));
            }
            if fetches {
                rig.take(slow).iter().for_each(|event| late.apply(event));
                prop_assert_eq!(&late, &seen);
            }
        }
    }
}
