//! Attributed days → charges → statements: the charge of each cell of `daily`, and the amounts of a bill.
//!
//! ```text
//! cell   meter     quantity        price book                      charge        statement line            amount
//!  a     Windows       24.0   ×    0.046 per 1            =    1.1040000000  ┐
//!  b     Windows        6.5   ×    0.046 per 1            =    0.2990000000  ┴▶  30.5 × 0.046 = 1.403      1.40
//!  c     VM hours       8.0        not billable                         null
//!  d     a tier's      0.5         no price in force                    null      unpriced: null, and a finding
//! ```
//! Each product is exact, and rounded once to ten places; a line sums its charges and is rounded once to the minor unit
//! of its currency. Tiers count a month's usage of all stamps, in order of day, stamp and key: so a month is rated as a
//! whole.
//!
//! **Invariant:** nothing is summed over two meters, price entries or currencies, and a missing price is not a price of
//! zero.

mod book;
mod crosswalk;
mod margin;
mod month;
mod statement;
mod usage;

pub use book::{KnownIds, PriceBook, Ruling, Tier};
pub use crosswalk::{CardNote, entries_of_cards};
pub use margin::{MarginKey, MarginSum, Margins, RatedMonth};
pub use month::{Rated, RatedRows, rate_month};
pub use statement::{
    AskedAmount, LineKey, MonthTerms, NotAsked, PricedLine, Statement, StatementLine, Tenants, asked_for,
    billing_currency,
};
pub use usage::{OwnerTexts, StampMonth, StampMonthBuilder};
