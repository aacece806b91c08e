/// stub
#[derive(Debug)]
pub struct ConfigBag;
