//! The same question about many, a few at once.

use std::future::Future;

use futures_util::{StreamExt as _, stream};
use proxmox_core::Result;

/// So many at once: what a connection carries.
const AT_ONCE: usize = 4;

/// Asks about each, and keeps their order. What has gone meanwhile is left out.
pub(crate) async fn of_each<I, T, F: Future<Output = Result<T>>>(
    items: impl IntoIterator<Item = I>,
    ask: impl FnMut(I) -> F,
) -> Result<Vec<T>> {
    // All futures first: none runs before it is polled, and a stream that holds `ask` could not be sent between threads.
    let asked: Vec<F> = items.into_iter().map(ask).collect();
    let mut answers = stream::iter(asked).buffered(AT_ONCE);
    let mut present = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(answer) => present.push(answer),
            Err(e) if e.is_not_found() => {}
            Err(e) => return Err(e),
        }
    }
    Ok(present)
}

#[cfg(test)]
mod tests {
    use proxmox_core::{Error, ErrorKind, Outcome};

    use super::*;

    #[tokio::test]
    async fn what_has_gone_is_left_out_and_what_fails_is_said() {
        async fn ask(n: i32, broken: i32) -> Result<i32> {
            match n {
                2 => Err(Error::new(ErrorKind::NotFound, Outcome::Rejected, "gone")),
                n if n == broken => Err(Error::new(ErrorKind::Connect, Outcome::Rejected, "lost")),
                n => Ok(n * 10),
            }
        }
        assert_eq!(of_each([1, 2, 3], |n| ask(n, 0)).await.unwrap(), [10, 30]);
        assert_eq!(of_each([1, 2, 3], |n| ask(n, 3)).await.unwrap_err().kind(), ErrorKind::Connect);
    }
}
