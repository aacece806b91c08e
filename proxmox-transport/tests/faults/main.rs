//! What becomes of a request when the way to PVE breaks.
//!
//! Every way to the simulated cluster × everything that can go wrong with a request or its answer × a read, a plain
//! write, a write that starts a task, the clone flow and a delete. What holds for all of them:
//!
//! - no write arrives twice: once bytes of it have left, it is never sent again;
//! - a write whose answer is lost is `MaybeApplied`, or what became of it was found out;
//! - a read is tried again, and succeeds when the trouble passes;
//! - nothing outlasts its budget.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod answers;
mod connection;
mod flows;
mod lab;
mod matrix;
mod ticket;
mod trust;

/// Makes one test of each function for each way.
macro_rules! on_each_way {
    ($($test:ident)*) => {
        $crate::on_each_way!(@ in_process_8 [$($test)*]);
        $crate::on_each_way!(@ in_process_9 [$($test)*]);
        $crate::on_each_way!(@ reqwest_8 [$($test)*]);
        $crate::on_each_way!(@ reqwest_blocking_9 [$($test)*]);
        $crate::on_each_way!(@ ureq_8 [$($test)*]);
        $crate::on_each_way!(@ ureq_9 [$($test)*]);
    };
    (https: $($test:ident)*) => {
        $crate::on_each_way!(@ reqwest_8 [$($test)*]);
        $crate::on_each_way!(@ reqwest_blocking_9 [$($test)*]);
        $crate::on_each_way!(@ ureq_8 [$($test)*]);
        $crate::on_each_way!(@ ureq_9 [$($test)*]);
    };
    (@ $way:ident [$($test:ident)*]) => {
        mod $way {
            $(
                #[test]
                fn $test() {
                    super::$test($crate::lab::way::$way());
                }
            )*
        }
    };
}
pub(crate) use on_each_way;
