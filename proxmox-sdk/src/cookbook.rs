//! The recipes of `docs/cookbook`, as tests: each compiles, and nearly all run on the simulated cluster.

macro_rules! recipes {
    ($($name:ident: $file:literal),* $(,)?) => {
        $(
            #[doc = include_str!(concat!("../../docs/cookbook/", $file, ".md"))]
            struct $name;
        )*
    };
}

recipes! {
    FirstVm: "01-first-vm",
    CloudInit: "02-cloud-init",
    WaitForIp: "03-wait-for-ip",
    Exec: "04-exec",
    MassStart: "05-mass-start",
    Snapshot: "06-snapshot",
    Report: "07-report",
    Watch: "08-watch",
    DryRun: "09-dry-run",
    SshBastion: "10-ssh-bastion",
    TokenPrivileges: "11-token-privileges",
    CustomLayer: "12-custom-layer",
    TestingWithTheSimulator: "13-testing-with-the-simulator",
    LibvirtRegion: "14-libvirt-region",
    MovingFromProxmoxer: "15-moving-from-proxmoxer",
}
