//! What a closing froze of its month.
//!
//! ```text
//! history/closed/north/2026-10/000007/{daily,resources}.parquet   its figures, and the resources that they name
//! history/closed/north/2026-10/000007/charges.parquet             what is charged for them, where there was a price book
//! history/closed/north/2026-10/000007/closing.json                the rows of the other dimensions that they name
//! ```
//! All of it is input to every later run, a full one too: nothing can make it again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::totals::Totals;
use crate::domain::{
    Attribution, BilledSubscriptionId, Day, MeterId, Month, PriceEntry, Stamp, TenantId, UserSubscriptionId,
};
use crate::error::{Error, Result};
use crate::normalise::Meter;
use crate::publication::Out;
use crate::publication::layout::{RESOURCES, closed_path, table_path};
use crate::rate::MonthTerms;
use crate::read::ListedUserSubscription;
use crate::table::contract;

/// The owner of usage, by ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamedOwner {
    pub billed_subscription: BilledSubscriptionId,
    pub attribution: AttributionText,
    pub tenant: Option<TenantId>,
    pub user_subscription: UserSubscriptionId,
}

/// An attribution as it is published and sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributionText(pub Attribution);

impl PartialOrd for AttributionText {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AttributionText {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_str().cmp(other.0.as_str())
    }
}

/// A row of `billed_subscriptions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenBilled {
    pub id: BilledSubscriptionId,
    pub kind: String,
    pub tenant: Option<TenantId>,
}

/// What a closing froze in addition to the figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The number of the publication that closed it.
    pub run: u64,
    /// Days that have figures.
    pub days: BTreeSet<Day>,
    pub owners: BTreeSet<NamedOwner>,
    /// The usage of each meter.
    pub used: Vec<(MeterId, Totals)>,
    /// Who used each meter, by places in `owners`; empty: the month was closed before this was kept.
    #[serde(default)]
    pub used_by: Vec<(MeterId, Vec<u32>)>,
    pub meters: Vec<Meter>,
    /// `None`: no listing held it.
    pub user_subscriptions: Vec<(UserSubscriptionId, Option<ListedUserSubscription>)>,
    /// Of tenants and billed subscriptions; `None`: it had none.
    pub names: BTreeMap<String, Option<String>>,
    pub billed: Vec<FrozenBilled>,
    pub tenants: BTreeSet<TenantId>,
    /// Keys, sorted.
    pub resources: Vec<i64>,
    /// What its charges are based on; `None`: there was no price book.
    #[serde(default)]
    pub charging: Option<FrozenCharging>,
}

/// What the charges of a closed month are based on; the charges are in `charges.parquet` beside this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenCharging {
    pub terms: MonthTerms,
    /// Those that some charge is based on.
    pub prices: Vec<PriceEntry>,
    /// The price book for the month, by [`PriceEntry::key_in`]; `None`: the month was closed before this was kept.
    #[serde(default)]
    pub book: Option<Vec<i64>>,
}

impl Frozen {
    /// Reads what a closing froze. The files beside it are read only when needed, but must exist.
    ///
    /// # Errors
    /// It is missing or altered.
    pub fn load(out: &Out, stamp: &Stamp, month: Month, run: u64) -> Result<Self> {
        const REMEDY: &str = "restore it from a backup, or reopen the month";
        let stored = out.read(&closed_path(stamp, month, run, "closing.json"))?;
        let frozen: Self = serde_json::from_slice(&stored.bytes).map_err(|error| {
            Error::input("not what a closing froze").at(stored.path.display().to_string()).hint(REMEDY).because(error)
        })?;
        let charges = frozen.charging.as_ref().map(|_| table_path(&contract::CHARGES));
        for file in [table_path(&contract::DAILY), RESOURCES.to_owned()].into_iter().chain(charges) {
            let path = out.path(&closed_path(stamp, month, run, &file));
            if !path.is_file() {
                return Err(Error::input(format!("missing, though {month} of {stamp} is closed"))
                    .at(path.display().to_string())
                    .hint(REMEDY));
            }
        }
        Ok(frozen)
    }
}
