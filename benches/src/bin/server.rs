//! Serves the answers that the workloads ask for, until it is killed: `server [ADDRESS] [0|6]`.
//!
//! The address is `127.0.0.1:0` unless given; 0 or 6 (the default) is the number of keys in a row that the SDK has no
//! field for. It prints lines for a shell: `BENCH_CA` is a file with its authority, `BASE` its address.

use std::process::ExitCode;
use std::thread;

use benches::rows::Unknown;
use benches::serve::Server;
use benches::task::Result;

fn main() -> ExitCode {
    let Err(e) = run();
    eprintln!("{e}");
    ExitCode::FAILURE
}

fn run() -> Result<std::convert::Infallible> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let unknown = match args.next().as_deref() {
        Some("0") => Unknown::Zero,
        Some("6") | None => Unknown::Six,
        _ => return Err("usage: server [ADDRESS] [0|6]".into()),
    };
    let server = Server::start(&address, unknown)?;
    let ca = std::env::temp_dir().join(format!("bench-ca-{}.pem", std::process::id()));
    std::fs::write(&ca, server.ca_pem())?;
    println!("export BENCH_CA={}\nBASE={}", ca.display(), server.url());
    loop {
        thread::park();
    }
}
