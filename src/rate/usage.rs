//! The rows of a stamp's month in `daily` or `charges`, prepared for rating: texts are replaced with numbers.

use hashbrown::{Equivalent, HashMap};

use crate::domain::{Day, Quantity, Stamp};
use crate::error::Result;
use crate::table::column::AnyColumn;
use crate::table::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, METER_ID, QUANTITY, RESOURCE_KEY, TENANT_ID, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::reader::{Coded, Rows};

/// The cells of a stamp's month, column by column, in the order of the table.
#[derive(Debug)]
pub struct StampMonth {
    pub stamp: Stamp,
    pub owners: Vec<OwnerTexts>,
    pub meters: Vec<String>,
    pub days: Vec<Day>,
    /// Places in `owners`, `meters`.
    pub owner: Vec<u32>,
    pub meter: Vec<u32>,
    pub resource: Vec<i64>,
    pub quantity: Vec<Quantity>,
}

/// Who pays, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnerTexts {
    pub billed_subscription: String,
    pub attribution: String,
    pub tenant: Option<String>,
    pub user_subscription: String,
}

/// The same, borrowed from a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct OwnerRef<'a> {
    billed_subscription: &'a str,
    attribution: &'a str,
    tenant: Option<&'a str>,
    user_subscription: &'a str,
}

impl Equivalent<OwnerTexts> for OwnerRef<'_> {
    fn equivalent(&self, key: &OwnerTexts) -> bool {
        self.billed_subscription == key.billed_subscription
            && self.attribution == key.attribution
            && self.tenant == key.tenant.as_deref()
            && self.user_subscription == key.user_subscription
    }
}

/// The columns of an owner.
struct OwnerColumns<'a>([Coded<'a>; 4]);

impl<'a> OwnerColumns<'a> {
    fn new(rows: &'a Rows) -> Result<Self> {
        let [billed, attribution, tenant, user] =
            [BILLED_SUBSCRIPTION_ID, ATTRIBUTION, TENANT_ID, USER_SUBSCRIPTION_ID].map(|column| rows.coded(column));
        Ok(Self([billed?, attribution?, tenant?, user?]))
    }

    fn codes(&self, row: usize) -> [Option<i32>; 4] {
        self.0.map(|column| column.code(row))
    }

    fn at(&self, row: usize) -> OwnerRef<'a> {
        let [billed, attribution, tenant, user] = self.0.map(|column| column.text(row));
        OwnerRef {
            billed_subscription: billed.unwrap_or_default(),
            attribution: attribution.unwrap_or_default(),
            tenant,
            user_subscription: user.unwrap_or_default(),
        }
    }
}

type Numbers<T> = HashMap<T, u32, foldhash::fast::FixedState>;

impl StampMonth {
    /// The columns that a table must have been read with.
    pub const COLUMNS: [&dyn AnyColumn; 8] = [
        &USAGE_DATE,
        &BILLED_SUBSCRIPTION_ID,
        &ATTRIBUTION,
        &TENANT_ID,
        &USER_SUBSCRIPTION_ID,
        &METER_ID,
        &RESOURCE_KEY,
        &QUANTITY,
    ];

    /// Reads all rows; they must come from [`read_coded`](crate::table::reader::read_coded).
    ///
    /// # Errors
    /// A column was not read, or is of another type.
    pub fn from_rows(stamp: Stamp, rows: impl Iterator<Item = Result<Rows>>) -> Result<Self> {
        let mut builder = StampMonthBuilder::new(stamp);
        for rows in rows {
            builder.take(&rows?)?;
        }
        Ok(builder.finish())
    }

    pub fn len(&self) -> usize {
        self.days.len()
    }

    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }
}

/// The codes of the last row, and the number that they were given.
struct Last<C>(Option<(C, u32)>);

impl<C> Default for Last<C> {
    fn default() -> Self {
        Self(None)
    }
}

impl<C: Copy + PartialEq> Last<C> {
    fn number(&mut self, codes: C, look_up: impl FnOnce() -> u32) -> u32 {
        match self.0.filter(|(last, _)| *last == codes) {
            Some((_, number)) => number,
            None => self.0.insert((codes, look_up())).1,
        }
    }
}

/// A stamp's month while its rows are read.
pub struct StampMonthBuilder {
    month: StampMonth,
    owners: Numbers<OwnerTexts>,
    meters: Numbers<String>,
}

impl StampMonthBuilder {
    pub fn new(stamp: Stamp) -> Self {
        let month = StampMonth {
            stamp,
            owners: Vec::new(),
            meters: Vec::new(),
            days: Vec::new(),
            owner: Vec::new(),
            meter: Vec::new(),
            resource: Vec::new(),
            quantity: Vec::new(),
        };
        Self { month, owners: Numbers::default(), meters: Numbers::default() }
    }

    /// The month with all rows that were added.
    pub fn finish(self) -> StampMonth {
        self.month
    }

    /// Adds some rows.
    ///
    /// # Errors
    /// As [`StampMonth::from_rows`].
    pub fn take(&mut self, rows: &Rows) -> Result<()> {
        let (owner_columns, meter_column) = (OwnerColumns::new(rows)?, rows.coded(METER_ID)?);
        let quantities = rows.quantities(QUANTITY)?;
        self.month.days.extend(rows.days(USAGE_DATE)?);
        self.month.resource.extend(rows.integers(RESOURCE_KEY)?.values());
        self.month.quantity.extend((0..rows.len()).map(|row| quantities.value(row)));
        // Rows are sorted, so neighbours mostly have one owner and one meter.
        let (mut owner, mut meter) = (Last::default(), Last::default());
        for row in 0..rows.len() {
            let number = owner.number(owner_columns.codes(row), || self.owner_of(owner_columns.at(row)));
            self.month.owner.push(number);
            let number =
                meter.number(meter_column.code(row), || self.meter_of(meter_column.text(row).unwrap_or_default()));
            self.month.meter.push(number);
        }
        Ok(())
    }

    fn owner_of(&mut self, owner: OwnerRef<'_>) -> u32 {
        if let Some(&place) = self.owners.get(&owner) {
            return place;
        }
        let OwnerRef { billed_subscription, attribution, tenant, user_subscription } = owner;
        let texts = OwnerTexts {
            billed_subscription: billed_subscription.to_owned(),
            attribution: attribution.to_owned(),
            tenant: tenant.map(str::to_owned),
            user_subscription: user_subscription.to_owned(),
        };
        let place = self.month.owners.len() as u32;
        self.owners.insert(texts.clone(), place);
        self.month.owners.push(texts);
        place
    }

    fn meter_of(&mut self, meter: &str) -> u32 {
        *self.meters.entry_ref(meter).or_insert_with(|| {
            self.month.meters.push(meter.to_owned());
            self.month.meters.len() as u32 - 1
        })
    }
}
