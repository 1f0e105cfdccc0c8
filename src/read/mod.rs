//! Bytes → lines and snapshots.
//!
//! A line becomes a row of small integers and one quantity: repeated texts (user subscription, meter, the whole
//! `instanceData`) are interned, times and quantities are parsed at once. A line that cannot be read is set aside with
//! its place and reason; a *file* that cannot be read stops the run.
//!
//! **Invariant:** knows nothing of spelling, tenants or who pays. Thread order shows only in the numbers of interned
//! texts, which never leave the process.

mod catalogue;
mod format;
mod intern;
mod options;
mod price;
mod root;
mod snapshot;
mod usage;

pub use catalogue::{CatalogueRow, NamesTable, lines_of_ids, meters_from, read_meters, read_names};
pub use format::{Cell, CsvText, Encoding, InstanceText, Object, PARTS, Shape, fingerprint_of, text_of};
pub use intern::{Interner, Interners, Texts};
pub use options::{Pages, Reading};
pub use price::{
    CardMeter, CardTerms, Discount, ExchangeRates, PriceContent, PriceFile, RateCard, read_exchange_rates, read_prices,
    read_vendor_prices,
};
pub use root::{Export, Root, STAMP_FOLDERS, SnapshotFiles, StampFolder, discover};
pub use snapshot::{
    CustomerSubscription, DatedList, DatedLists, KnownLists, ListPage, ListedUserSubscription, Parent, Registration,
    RegistrationId, SnapshotLists, is_override, override_snapshots, read_customer_subscriptions, read_listings,
    read_registrations, read_snapshot_lists,
};
pub use usage::{
    Api, Chunk, DayLines, DaySum, DropRule, ExportRecord, FileChunk, FileRecord, PreviousExports, PublishedResource,
    Reject, StampLines, Stored, declared_window, gather, gather_beside, refuse_pages_of_another_stamp,
    stored_resources,
};
