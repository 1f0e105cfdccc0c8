//! `domain::identity`: one spelling for each id.

use stacktally::domain::identity::{is_guid, one_spelling};
use stacktally::domain::{MeterId, Stamp};

#[test]
fn guids_in_all_their_spellings() {
    let one = "f271a8a3-88c4-4d93-956a-063e1d2fa80b";
    for text in [
        "f271a8a3-88c4-4d93-956a-063e1d2fa80b",
        "F271A8A3-88C4-4D93-956A-063E1D2FA80B",
        "F271A8A388C44D93956A063E1D2FA80B",
        "{f271a8a3-88c4-4d93-956a-063e1d2fa80b}",
        "(F271A8A388C44D93956A063E1D2FA80B)",
        "  {F271A8A388C44D93956A063E1D2FA80B}\t",
    ] {
        assert_eq!(one_spelling(text), one, "{text}");
        assert!(is_guid(text));
    }
}

#[test]
fn what_is_no_guid_is_kept() {
    for (text, kept) in [
        (" CustomWorkerTier-Large ", "customworkertier-large"),
        ("eb377774-8d90-4f4b-bc76-0211g8bfbf94", "eb377774-8d90-4f4b-bc76-0211g8bfbf94"),
        ("f271a8a3-88c44d93-956a-063e1d2fa80b", "f271a8a3-88c44d93-956a-063e1d2fa80b"),
        ("f271a8a388c4-4d93-956a-063e-1d2fa80b", "f271a8a388c4-4d93-956a-063e-1d2fa80b"),
        ("{F271A8A3}", "{f271a8a3}"),
        ("ÄÖ", "äö"),
    ] {
        assert_eq!(one_spelling(text), kept, "{text}");
        assert!(!is_guid(text), "{text}");
    }
    assert_eq!(MeterId::new(" \t"), None);
}

#[test]
fn stamp_names() {
    for name in ["north", "n", "0", "stamp-01.west_2"] {
        assert!(Stamp::new(name).is_some(), "{name}");
    }
    for name in ["", "North", "-north", ".north", "no rth", "nörth", "north/south"] {
        assert!(Stamp::new(name).is_none(), "{name}");
    }
}
