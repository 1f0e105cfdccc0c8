//! Closed months: the journal of closings, and what each of them froze.
//!
//! ```text
//! history/closings.jsonl                                          {"run":7,"action":"close","stamp":"north","month":"2026-10",…}
//! history/closed/north/2026-10/000007/{daily,resources}.parquet   its figures, and the resources that they name
//! history/closed/north/2026-10/000007/charges.parquet             what is charged for them, where there was a price book
//! history/closed/north/2026-10/000007/closing.json                the rows of the other dimensions that they name
//! ```
//! All of it is input to every later run, a full one too.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::totals::Totals;
use crate::domain::{
    Attribution, BilledSubscriptionId, Day, MeterId, Month, PriceEntry, Stamp, TenantId, UserSubscriptionId,
};
use crate::error::{Error, Result};
use crate::normalise::Meter;
use crate::publish::Out;
use crate::rate::MonthTerms;
use crate::read::ListedUserSubscription;

/// Where the journal of closings lies, in OUT.
pub const JOURNAL: &str = "history/closings.jsonl";

/// Raised when what lies in these files means something else: a later version reads the earlier formats.
pub const FORMAT: u32 = 1;

/// What was done to a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Close,
    Reopen,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingEntry {
    /// Of these lines, and of what lies in the folder of the closing.
    pub format: u32,
    /// The number of the publication that it made.
    pub run: u64,
    pub action: Action,
    pub stamp: Stamp,
    #[serde(with = "month_text")]
    pub month: Month,
    /// RFC 3339, UTC.
    pub at: String,
    /// Days of the month that were settled, of all its days.
    pub days_settled: i64,
    pub days: i64,
    /// Of all its days, those before the stamp's first reported window that have no usage: they need not be settled.
    #[serde(default, skip_serializing_if = "is_none")]
    pub days_before_stamp: i64,
    /// Whether it was closed though something spoke against it.
    pub forced: bool,
    /// What spoke against it. Journals of before this was kept say only that it was forced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<Overridden>,
    pub reason: Option<String>,
}

/// What spoke against a closing that was forced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    /// `days_partial`, `days_not_settled`, `default_user_subscription_unknown`, or the code of a finding.
    pub reason: String,
    pub sentence: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_none(count: &i64) -> bool {
    *count == 0
}

impl ClosingEntry {
    /// The reasons that spoke against it, each once, in order.
    pub fn reasons(&self) -> Vec<&str> {
        let reasons: BTreeSet<&str> = self.overridden.iter().map(|own| own.reason.as_str()).collect();
        reasons.into_iter().collect()
    }
}

/// A month as it is published.
mod month_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::Month;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub fn serialize<S: Serializer>(month: &Month, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(month)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
        let text = String::deserialize(deserializer)?;
        Month::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no month")))
    }
}

/// The journal of closings.
#[derive(Clone, Debug, Default)]
pub struct Closings {
    pub entries: Vec<ClosingEntry>,
}

impl Closings {
    /// Reads the journal; there is none before the first closing.
    ///
    /// # Errors
    /// It is missing, altered, or no journal.
    pub fn load(out: &Out) -> Result<Self> {
        out.refuse_unknown_history(&[JOURNAL, "history/adjustments"])?;
        if !out.last().files.contains_key(JOURNAL) {
            return Ok(Self::default());
        }
        let stored = out.read(JOURNAL)?;
        let text = String::from_utf8_lossy(&stored.bytes).into_owned();
        let mut entries = Vec::new();
        for (at, line) in text.lines().enumerate() {
            entries.push(serde_json::from_str(line).map_err(|error| {
                Error::input("not a line of the journal of closings")
                    .at_line(stored.path.display().to_string(), at + 1, error.column())
                    .hint("restore it from a backup: closed months cannot be known without it")
                    .because(error)
            })?);
        }
        Ok(Self { entries })
    }

    /// The journal as it is published.
    ///
    /// # Errors
    /// Never, as long as entries are texts and numbers.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for entry in &self.entries {
            serde_json::to_writer(&mut bytes, entry).map_err(|error| Error::engine("write the closings", error))?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    /// The months of each stamp that are closed, with the last closing of each.
    pub fn closed(&self) -> BTreeMap<(Stamp, Month), &ClosingEntry> {
        let mut closed = BTreeMap::new();
        for entry in &self.entries {
            let key = (entry.stamp.clone(), entry.month);
            match entry.action {
                Action::Close => drop(closed.insert(key, entry)),
                Action::Reopen => drop(closed.remove(&key)),
            }
        }
        closed
    }
}

/// Who pays, by ids.
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

/// What a closing froze beside the figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The number of the publication that closed it.
    pub run: u64,
    /// Days that have figures.
    pub days: BTreeSet<Day>,
    pub owners: BTreeSet<NamedOwner>,
    /// What each meter came to.
    pub used: Vec<(MeterId, Totals)>,
    /// Who used each meter, by places in `owners`; empty: it was closed before this was kept.
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
    /// What its charges rest on; `None`: there was no price book.
    #[serde(default)]
    pub charging: Option<FrozenCharging>,
}

/// What the charges of a closed month rest on; they themselves are `charges.parquet` beside this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenCharging {
    pub terms: MonthTerms,
    /// Those that some charge rests on.
    pub prices: Vec<PriceEntry>,
    /// What the price book said of the month, by [`PriceEntry::key_in`]; `None`: it was closed before this was kept.
    #[serde(default)]
    pub book: Option<Vec<i64>>,
}

impl Frozen {
    /// Where a file of a closed month lies, in OUT.
    pub fn path(stamp: &Stamp, month: Month, run: u64, file: &str) -> String {
        format!("history/closed/{stamp}/{month}/{run:06}/{file}")
    }

    /// Reads what a closing froze. What lies beside it is read when it is needed, but must be there.
    ///
    /// # Errors
    /// It is missing or altered.
    pub fn load(out: &Out, stamp: &Stamp, month: Month, run: u64) -> Result<Self> {
        const REMEDY: &str = "restore it from a backup, or reopen the month";
        let stored = out.read(&Self::path(stamp, month, run, "closing.json"))?;
        let own: Self = serde_json::from_slice(&stored.bytes).map_err(|error| {
            Error::input("not what a closing froze").at(stored.path.display().to_string()).hint(REMEDY).because(error)
        })?;
        let charges = own.charging.as_ref().map(|_| "charges.parquet");
        for file in ["daily.parquet", "resources.parquet"].into_iter().chain(charges) {
            let path = out.path(&Self::path(stamp, month, run, file));
            if !path.is_file() {
                return Err(Error::input(format!("missing, though {month} of {stamp} is closed"))
                    .at(path.display().to_string())
                    .hint(REMEDY));
            }
        }
        Ok(own)
    }
}
