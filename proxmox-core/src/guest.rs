//! stub
/// stub
#[derive(Debug)]
pub struct Guest;
