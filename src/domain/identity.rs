//! Ids in one spelling, normalised once.
//!
//! Exports spell one id in several ways, even within a page: upper and lower case, with and without dashes (Q5), in
//! braces. All other code compares bytes, so each id is normalised here and nowhere else.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The one spelling of an id: trimmed, lower case; a GUID dashed and without braces. An id that is no GUID is kept.
///
/// ```
/// use stacktally::domain::identity::one_spelling;
/// assert_eq!(one_spelling(" {F271A8A388C44D93956A063E1D2FA80B} "), "f271a8a3-88c4-4d93-956a-063e1d2fa80b");
/// assert_eq!(one_spelling("CustomWorkerTier-Large"), "customworkertier-large");
/// ```
pub fn one_spelling(text: &str) -> String {
    let trimmed = text.trim();
    guid_digits(trimmed).map_or_else(|| trimmed.to_lowercase(), |digits| dashed(&digits))
}

/// Whether `text`, in any of its spellings, is a GUID.
pub fn is_guid(text: &str) -> bool {
    guid_digits(text.trim()).is_some()
}

/// The 32 lower-case hex digits of a GUID, or `None` for any other text.
fn guid_digits(text: &str) -> Option<[u8; 32]> {
    let bare = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')))
        .unwrap_or(text)
        .as_bytes();
    let is_dash = |at: usize| bare.len() == 36 && matches!(at, 8 | 13 | 18 | 23);
    if bare.len() != 32 && bare.len() != 36 {
        return None;
    }
    let mut digits = [0; 32];
    let mut filled = 0;
    for (at, &byte) in bare.iter().enumerate() {
        match byte {
            b'-' if is_dash(at) => {}
            _ if is_dash(at) || !byte.is_ascii_hexdigit() => return None,
            _ => {
                digits[filled] = byte.to_ascii_lowercase();
                filled += 1;
            }
        }
    }
    Some(digits)
}

fn dashed(digits: &[u8; 32]) -> String {
    let mut text = String::with_capacity(36);
    for (at, &digit) in digits.iter().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(char::from(digit));
    }
    text
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(Box<str>);

        impl $name {
            /// The id in its one spelling, or `None` when the text is blank.
            pub fn new(text: &str) -> Option<Self> {
                let id = one_spelling(text);
                (!id.is_empty()).then(|| Self(id.into_boxed_str()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identity!(
    /// The local subscription on the stamp that a line names.
    UserSubscriptionId
);
identity!(
    /// The customer's Entra directory.
    TenantId
);
identity!(
    /// The Azure subscription that pays.
    BilledSubscriptionId
);
identity!(
    /// What is counted: `product.md` §3.8 forbids adding two of them.
    MeterId
);

/// One Azure Stack Hub instance, named by its folder: `[a-z0-9][a-z0-9._-]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp(Box<str>);

impl Stamp {
    /// The stamp of that folder name, or `None` when the name is not of the form above.
    pub fn new(name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let (first, rest) = name.as_bytes().split_first()?;
        (plain(*first) && rest.iter().all(|&byte| plain(byte) || b"._-".contains(&byte))).then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stamp as receipts and state have it: its name, or an empty text for what is of no stamp.
pub mod stamp_or_empty {
    use std::borrow::Cow;

    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::Serializer;

    use super::Stamp;

    /// The name.
    pub fn name(stamp: Option<&Stamp>) -> &str {
        stamp.map_or("", Stamp::as_str)
    }

    /// The name as it stands before a text for people, with a blank behind it.
    pub fn before(stamp: Option<&Stamp>) -> String {
        stamp.map(|stamp| format!("{stamp} ")).unwrap_or_default()
    }

    /// Writes the name.
    ///
    /// # Errors
    /// The writer failed.
    pub fn serialize<S: Serializer>(stamp: &Option<Stamp>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name(stamp.as_ref()))
    }

    /// Reads the name.
    ///
    /// # Errors
    /// It is no text, or no name of a stamp.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Stamp>, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        let stamp = || Stamp::new(&name).ok_or_else(|| D::Error::custom(format_args!("{name:?} is not a stamp")));
        (!name.is_empty()).then(stamp).transpose()
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
