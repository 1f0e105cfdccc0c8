//! A stamp's days of a month, as `daily` or `charges` have them, for rating: texts as numbers.

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
struct OwnerOf<'a> {
    billed_subscription: &'a str,
    attribution: &'a str,
    tenant: Option<&'a str>,
    user_subscription: &'a str,
}

impl Equivalent<OwnerTexts> for OwnerOf<'_> {
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
    fn of(rows: &'a Rows) -> Result<Self> {
        let [billed, attribution, tenant, user] =
            [BILLED_SUBSCRIPTION_ID, ATTRIBUTION, TENANT_ID, USER_SUBSCRIPTION_ID].map(|column| rows.coded(column));
        Ok(Self([billed?, attribution?, tenant?, user?]))
    }

    fn codes(&self, row: usize) -> [Option<i32>; 4] {
        self.0.map(|own| own.code(row))
    }

    fn at(&self, row: usize) -> OwnerOf<'a> {
        let [billed, attribution, tenant, user] = self.0.map(|own| own.text(row));
        OwnerOf {
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

    /// Takes in rows that were read with [`read_coded`](crate::table::reader::read_coded).
    ///
    /// # Errors
    /// A column was not read, or is of another type.
    pub fn of(stamp: Stamp, rows: impl Iterator<Item = Result<Rows>>) -> Result<Self> {
        let mut taking = Taking::of(stamp);
        for rows in rows {
            taking.take(&rows?)?;
        }
        Ok(taking.finish())
    }

    pub fn len(&self) -> usize {
        self.days.len()
    }

    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }
}

/// The codes of the last row, and the number of what they stand for.
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

/// A stamp's month while its rows are taken in.
pub struct Taking {
    own: StampMonth,
    owners: Numbers<OwnerTexts>,
    meters: Numbers<String>,
}

impl Taking {
    pub fn of(stamp: Stamp) -> Self {
        let own = StampMonth {
            stamp,
            owners: Vec::new(),
            meters: Vec::new(),
            days: Vec::new(),
            owner: Vec::new(),
            meter: Vec::new(),
            resource: Vec::new(),
            quantity: Vec::new(),
        };
        Self { own, owners: Numbers::default(), meters: Numbers::default() }
    }

    /// What was taken in.
    pub fn finish(self) -> StampMonth {
        self.own
    }

    /// Takes in some rows.
    ///
    /// # Errors
    /// As [`StampMonth::of`].
    pub fn take(&mut self, rows: &Rows) -> Result<()> {
        let (of_owners, of_meters) = (OwnerColumns::of(rows)?, rows.coded(METER_ID)?);
        let quantities = rows.quantities(QUANTITY)?;
        self.own.days.extend(rows.days(USAGE_DATE)?);
        self.own.resource.extend(rows.integers(RESOURCE_KEY)?.values());
        self.own.quantity.extend((0..rows.len()).map(|row| quantities.value(row)));
        // Rows are sorted, so neighbours mostly have one owner and one meter.
        let (mut owner, mut meter) = (Last::default(), Last::default());
        for row in 0..rows.len() {
            let own = owner.number(of_owners.codes(row), || self.owner_of(of_owners.at(row)));
            self.own.owner.push(own);
            let own = meter.number(of_meters.code(row), || self.meter_of(of_meters.text(row).unwrap_or_default()));
            self.own.meter.push(own);
        }
        Ok(())
    }

    fn owner_of(&mut self, owner: OwnerOf<'_>) -> u32 {
        if let Some(&place) = self.owners.get(&owner) {
            return place;
        }
        let OwnerOf { billed_subscription, attribution, tenant, user_subscription } = owner;
        let texts = OwnerTexts {
            billed_subscription: billed_subscription.to_owned(),
            attribution: attribution.to_owned(),
            tenant: tenant.map(str::to_owned),
            user_subscription: user_subscription.to_owned(),
        };
        let place = self.own.owners.len() as u32;
        self.owners.insert(texts.clone(), place);
        self.own.owners.push(texts);
        place
    }

    fn meter_of(&mut self, meter: &str) -> u32 {
        *self.meters.entry_ref(meter).or_insert_with(|| {
            self.own.meters.push(meter.to_owned());
            self.own.meters.len() as u32 - 1
        })
    }
}
