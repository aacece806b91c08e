//! What goes to stderr. When nobody reads it any more, the work goes on: the standard macros would end it with a panic, in the midst
//! of whatever it was doing to a guest.

/// Writes to stderr.
#[macro_export]
macro_rules! tell {
    ($($arguments:tt)*) => {{
        use std::io::Write as _;
        // There is nobody to tell about it.
        let _ = write!(std::io::stderr(), $($arguments)*);
    }};
}

/// Writes a line to stderr.
#[macro_export]
macro_rules! tell_line {
    () => { $crate::tell!("\n") };
    ($format:literal $($arguments:tt)*) => { $crate::tell!("{}\n", format_args!($format $($arguments)*)) };
}
