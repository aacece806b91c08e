//! The page as a browser shows it: light and dark, wide and narrow. Needs Chromium (Debian's package `chromium`). Without it
//! the test says that it is skipped, and fails where `CI=true`.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use proxmox_fleet::{Report, Snapshot, Thresholds};
use serde_json::Value;

/// Lays the page out in a frame and tells what can be seen of it. The page itself runs no script.
const LOOK: &str = r##"
addEventListener("load", () => {
  const page = document.getElementById("page").contentDocument, root = page.documentElement;
  const box = (e) => e.getBoundingClientRect();
  const css = (e, what, pseudo) => page.defaultView.getComputedStyle(e, pseudo)[what];
  const fill = page.querySelector("tr.critical .bar.critical rect");
  document.getElementById("seen").textContent = JSON.stringify({
    text: page.body.innerText, title: page.title,
    background: css(page.body, "backgroundColor"), colour: css(page.body, "color"),
    wider: root.scrollWidth - root.clientWidth,
    cut: [...page.querySelectorAll(".table")].filter((e) => e.scrollWidth > e.clientWidth).length,
    first: page.querySelector("main h2").textContent, attention: box(page.querySelector(".flags")).top,
    nodes: box(page.querySelector("table")).top,
    bar: [box(fill).width, box(fill.ownerSVGElement).width, box(fill).height], red: css(fill, "fill"),
    head: box(page.querySelector("thead")).height, cell: css(page.querySelector("td"), "content", "::before"),
    dialogs: window.dialogs, scripts: page.scripts.length,
  }).replace(/</g, "\\u003c");
});"##;

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;")
}

/// What can be seen of the report in a window of this width.
fn look(chromium: &str, folder: &Path, width: u32, dark: bool) -> Value {
    let fleet: Snapshot = serde_json::from_str(include_str!("fleet.json")).unwrap();
    let report = Report::of(&[fleet], &Thresholds::default()).html();
    let outer = format!(
        "<!doctype html><meta charset=utf-8><script>var dialogs = 0; alert = () => dialogs++;{LOOK}</script>\
         <iframe id=page width={width} height=1000 style=\"border:0\" srcdoc=\"{}\"></iframe><pre id=seen></pre>",
        attribute(&report)
    );
    let file = folder.join("outer.html");
    std::fs::write(&file, outer).unwrap();
    let output = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1600,1200",
            "--virtual-time-budget=3000",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)))
        .args(["--dump-dom", &format!("file://{}", file.display())])
        .output()
        .unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    let seen = dom.rsplit_once("<pre id=\"seen\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let seen = seen.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr))).0;
    let seen = seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&seen).unwrap_or_else(|e| panic!("{e}: {seen}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// How bright `rgb(r, g, b)` is: 0 to 255.
fn brightness(colour: &Value) -> f64 {
    let colour = colour.as_str().unwrap();
    let parts = colour.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_end_matches(')').split(',');
    parts.map(|part| part.trim().parse::<f64>().unwrap()).sum::<f64>() / 3.0
}

#[test]
fn people_see_what_the_report_says() {
    let installed =
        |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    let Some(chromium) = ["chromium", "google-chrome", "chromium-browser"].into_iter().find(installed) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "Chromium is missing: apt-get install chromium"
        );
        eprintln!("SKIPPED: Chromium is missing, so nobody has looked at the page: apt-get install chromium");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (width, dark) in [(1280, false), (1280, true), (390, false), (390, true)] {
        let at = format!("{width} wide, {}", if dark { "dark" } else { "light" });
        let seen = look(chromium, folder.path(), width, dark);
        let text = seen["text"].as_str().unwrap();
        for said in [
            "Fleet report",
            "2027-01-15 08:00:00 UTC",
            "8 critical",
            "3 of 5",
            "is offline; its 2 guests are unknown",
            "did not answer: Connection refused",
            "96.0 %",
            "122.9 of 128 GiB",
            "41d 3h",
            "ceph-vm",
            "FAILED",
            "shop-db",
            "<script>alert(1)</script>",
            "pipe|name and a line",
            "unknown",
        ] {
            assert!(text.contains(said), "{at}: {said:?} is not to be seen in {text}");
        }
        assert!(!text.contains("its address is not known"), "{at}: notes are folded");
        assert_eq!((&seen["dialogs"], &seen["scripts"]), (&0.into(), &0.into()), "{at}");
        assert_eq!(seen["title"], "Fleet report: 8 critical");

        let (background, colour) = (brightness(&seen["background"]), brightness(&seen["colour"]));
        assert_eq!(background < 60.0, dark, "{at}: {}", seen["background"]);
        assert!((background - colour).abs() > 150.0, "{at}: {} on {}", seen["colour"], seen["background"]);

        assert_eq!((&seen["wider"], &seen["cut"]), (&0.into(), &0.into()), "{at}: all of it fits: {seen}");
        assert_eq!(seen["first"], "Attention");
        assert!(number(&seen["attention"]) < number(&seen["nodes"]), "{at}");
        // pve2's memory, 96 %.
        let (fill, frame, height) =
            (number(&seen["bar"][0]), number(&seen["bar"][1]), number(&seen["bar"][2]));
        assert!((fill / frame - 0.96).abs() < 0.01 && frame > 50.0 && height > 3.0, "{at}: {}", seen["bar"]);
        assert!(seen["red"].as_str().unwrap().starts_with("rgb(2"), "{at}: {}", seen["red"]);
        // On a phone there is no head; each cell says what it is.
        let (head, cell) = (number(&seen["head"]), seen["cell"].as_str().unwrap());
        assert_eq!(
            (head > 10.0, cell.contains("State")),
            (width > 1000, width < 1000),
            "{at}: {head} {cell}"
        );
    }
}
