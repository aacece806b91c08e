//! The one place for concurrency: many items, bounded, order kept.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::thread;

use futures_util::{StreamExt, stream};

use crate::Pve;

impl Pve {
    /// Runs `work` for every item, at most `limit` at a time, and returns the results in the items' order. One failure
    /// does not stop the others. Dropping the future drops what is still running; tasks on the node go on.
    ///
    /// Over a blocking transport several items run on `limit` threads.
    ///
    /// ```
    /// # fn demo(pve: &proxmox_core::Pve) {
    /// use proxmox_core::{PvePath, PveRequest};
    /// let paths = ["/version", "/cluster/status"];
    /// let answers = pve.block_on(pve.fan_out(paths, 4, async |pve, path| {
    ///     pve.call(&PveRequest::get(PvePath::parse(path)?)).await
    /// }));
    /// assert_eq!(answers.len(), 2);
    /// # }
    /// ```
    pub async fn fan_out<I, T, W, F>(
        &self,
        items: impl IntoIterator<Item = I>,
        limit: usize,
        work: W,
    ) -> Vec<T>
    where
        I: Send,
        T: Send,
        W: Fn(Self, I) -> F + Send + Sync,
        F: Future<Output = T> + Send,
    {
        let limit = limit.max(1);
        let items: Vec<I> = items.into_iter().collect();
        if items.len() < 2 || !self.info().blocking {
            let work = &work;
            return stream::iter(items.into_iter().map(move |item| work(self.clone(), item)))
                .buffered(limit)
                .collect()
                .await;
        }
        let count = items.len();
        let queue = Mutex::new(items.into_iter().enumerate());
        let results = Mutex::new(Vec::with_capacity(count));
        thread::scope(|scope| {
            for _ in 0..limit.min(count) {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                        let Some((index, item)) = next else { return };
                        let result = self.block_on(pin!(work(self.clone(), item)));
                        results
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)
                            .push((index, result));
                    }
                });
            }
        });
        let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        results.sort_unstable_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
