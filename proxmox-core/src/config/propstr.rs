/// stub
#[derive(Debug)]
pub struct PropertyString;
