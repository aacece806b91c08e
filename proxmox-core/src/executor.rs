//! Runs a future on the calling thread, without a runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls `flow` to its end, parking the thread while it is pending.
///
/// Enough for every transport: blocking ones are never pending, the others are woken from their own threads.
pub fn park(mut flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    while flow.as_mut().poll(&mut context).is_pending() {
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::Mutex;
    use std::task::Poll;

    /// Pending until another thread wakes it.
    struct Later(Arc<Mutex<(bool, Option<Waker>)>>);

    impl Future for Later {
        type Output = ();
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            let mut state = self.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1 = Some(context.waker().clone());
            Poll::Pending
        }
    }

    #[test]
    fn woken_from_another_thread() {
        let state = Arc::new(Mutex::new((false, None::<Waker>)));
        let other = Arc::clone(&state);
        let waker = thread::spawn(move || {
            loop {
                let mut state = other.lock().unwrap();
                if let Some(waker) = state.1.take() {
                    state.0 = true;
                    waker.wake();
                    break;
                }
                drop(state);
                thread::yield_now();
            }
        });
        park(pin!(Later(Arc::clone(&state))));
        waker.join().unwrap();
        assert!(state.lock().unwrap().0);
    }
}
