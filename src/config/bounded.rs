//! One macro that keeps a number, its default, its allowed range and its reason in one place.

use super::setting::Raw;

/// A number of a group, reachable by its name.
pub(super) struct BoundedKey<Group> {
    pub name: &'static str,
    pub read: fn(&mut Group, &Raw) -> Result<(), String>,
    pub show: fn(&Group) -> toml::Value,
}

/// Declares a struct of whole numbers: `name: type = default, lowest..=highest;`.
///
/// Makes the struct, its `Default`, and `KEYS`, through which the layers read and show each number by its name.
macro_rules! bounded {
    ($(#[$group_doc:meta])* pub struct $group:ident {
        $($(#[$doc:meta])* $name:ident: $kind:ty = $default:expr, $range:expr;)+
    }) => {
        $(#[$group_doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $group { $($(#[$doc])* pub $name: $kind,)+ }

        impl Default for $group {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl $group {
            pub(in crate::config) const KEYS: &[$crate::config::bounded::BoundedKey<$group>] = &[$(
                $crate::config::bounded::BoundedKey {
                    name: stringify!($name),
                    read: |group, raw| {
                        let number = <$kind as $crate::config::setting::Setting>::read(raw)?;
                        let range: std::ops::RangeInclusive<$kind> = $range;
                        if !range.contains(&number) {
                            return Err(format!("{number} is out of range; give a number from {} to {}",
                                range.start(), range.end()));
                        }
                        group.$name = number;
                        Ok(())
                    },
                    show: |group| $crate::config::setting::Setting::show(&group.$name),
                },
            )+];
        }
    };
}
pub(super) use bounded;
