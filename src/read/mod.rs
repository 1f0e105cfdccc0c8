//! Bytes → lines and snapshots.
//!
//! A line becomes a row of small integers and one quantity: the texts that repeat (user subscription, meter, the whole
//! `instanceData`) are interned on sight, times and quantities are parsed on the spot. A line that cannot be read so is
//! set aside with its place and reason; a *file* that cannot be read stops the run.
//!
//! **Invariant:** knows nothing of spelling, tenants or who pays. Thread order shows only in the numbers of interned
//! texts, which never leave the process.

mod asked;
mod catalogue;
mod csv;
mod days;
mod encoding;
mod export;
mod fingerprint;
mod hand_table;
mod intern;
mod json;
mod line_reader;
mod lines;
mod list;
mod prices;
mod published;
mod rate_card;
mod reading;
mod registration;
mod repeated;
pub mod root;
mod row;
mod shape;
mod snapshots;
mod spelling;
mod stat;
mod stored;
mod survey;
mod text;
mod unpack;
mod usage_table;
mod user_subscriptions;
mod usual;

pub use self::csv::{Cell, Table};
pub use catalogue::{CatalogueRow, NamesTable, lines_of_ids, meters_from, read_meters, read_names};
pub use days::{DayLines, FileChunk};
pub use encoding::Encoding;
pub use export::{declared_window, refuse_pages_of_another_stamp};
pub use fingerprint::{Fingerprint, ReadFile};
pub use intern::{Interner, Texts};
pub use json::{Object, text_of};
pub use line_reader::Interners;
pub use lines::{
    Api, Chunk, DaySum, DropRule, ExportLines, FileNote, Known, Reject, StampLines, gather, gather_beside,
};
pub use list::{DatedList, DatedLists, KnownLists, ListPage};
pub use prices::{ExchangeRates, PriceContent, PriceFile, read_exchange_rates, read_prices};
pub use published::PublishedResource;
pub use rate_card::{CardMeter, CardTerms, Discount, RateCard};
pub use reading::{Pages, Reading};
pub use registration::{
    CustomerSubscription, Parent, Registration, RegistrationId, is_override, override_snapshots,
    read_customer_subscriptions, read_registrations,
};
pub use root::{Export, InputFile, Root, SnapshotFiles, StampFolder};
pub use row::{InstanceText, PARTS};
pub use shape::Shape;
pub use snapshots::{SnapshotLists, read_snapshot_lists};
pub use stat::FileStat;
pub use stored::{Stored, stored_resources};
pub use text::fingerprint_of;
pub use user_subscriptions::{ListedUserSubscription, read_listings};
