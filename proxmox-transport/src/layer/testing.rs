//! A transport for the layers' own tests: answers from a list, and a clock that only `sleep` moves.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proxmox_core::{PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait};

type Answer = Box<dyn Fn(&PveRequest) -> Result<PveResponse> + Send + Sync>;

pub(super) struct Scripted {
    answer: Answer,
    log: Arc<Log>,
}

pub(super) struct Log {
    start: Instant,
    pub(super) sent: Mutex<Vec<PveRequest>>,
    pub(super) slept: Mutex<Vec<Duration>>,
}

impl Scripted {
    pub(super) fn new(
        answer: impl Fn(&PveRequest) -> Result<PveResponse> + Send + Sync + 'static,
    ) -> (Self, Arc<Log>) {
        let log = Arc::new(Log { start: Instant::now(), sent: Mutex::default(), slept: Mutex::default() });
        (Self { answer: Box::new(answer), log: Arc::clone(&log) }, log)
    }
}

impl Log {
    pub(super) fn elapsed(&self) -> Duration {
        self.slept.lock().unwrap().iter().sum()
    }
}

#[async_trait]
impl Transport for Scripted {
    fn info(&self) -> TransportInfo {
        TransportInfo::new("scripted", "nowhere").blocking().executes()
    }
    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        self.log.sent.lock().unwrap().push(request.clone());
        (self.answer)(request)
    }
    async fn sleep(&self, duration: Duration) {
        self.log.slept.lock().unwrap().push(duration);
    }
    fn now(&self) -> Instant {
        self.log.start + self.log.elapsed()
    }
}
