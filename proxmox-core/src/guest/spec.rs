/// For a facade's type over [`Params`](crate::Params) that describes a new guest: what VMs and containers have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! guest_spec {
    ($name:ident) => {
        impl $name {
            /// Any parameter of the request, named as in PVE. A later value replaces an earlier one.
            #[must_use]
            pub fn param(mut self, name: &str, value: impl Into<$crate::ParamValue>) -> Self {
                self.0.set(name, value);
                self
            }

            /// Memory in MiB.
            #[must_use]
            pub fn memory_mib(self, mib: u32) -> Self {
                self.param("memory", mib)
            }

            /// Adds it to a pool.
            #[must_use]
            pub fn pool(self, pool: &str) -> Self {
                self.param("pool", pool)
            }

            /// Its tags; the managed tag is added by the safety gate.
            #[must_use]
            pub fn tags<'a>(self, tags: impl IntoIterator<Item = &'a str>) -> Self {
                let tags: Vec<&str> = tags.into_iter().collect();
                self.param("tags", tags.join(";"))
            }

            /// Starts it with its node.
            #[must_use]
            pub fn onboot(self) -> Self {
                self.param("onboot", true)
            }

            /// Starts it once it is made, and waits for that too.
            #[must_use]
            pub fn start(self) -> Self {
                self.param("start", true)
            }
        }
    };
}
