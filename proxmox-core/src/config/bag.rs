#![allow(missing_docs)]
#[derive(Debug, serde::Deserialize)]
pub struct ConfigBag;
#[derive(Debug, Default)]
pub struct ConfigChange(crate::Params);
impl ConfigChange {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn into_params(self) -> crate::Params {
        self.0
    }
}
#[derive(Debug, Clone, Copy)]
pub struct Growth;
impl std::fmt::Display for Growth {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
impl std::str::FromStr for Growth {
    type Err = crate::Error;
    fn from_str(_: &str) -> crate::Result<Self> {
        Ok(Self)
    }
}
