//! What is charged to the default subscriptions: `charges` added up by currency, stamp, reason and tenant.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::statement::prices_of;
use crate::domain::{Attribution, Charge, Currency, Day, PriceStatus, Quantity, Stamp};
use crate::error::Result;
use crate::publication::Publication;
use crate::publication::layout::{CHARGES_FOLDER, folder_of, month_in};
use crate::table::column::AnyColumn;
use crate::table::contract;
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, CURRENCY, DISCOUNT_PERCENT, METER_ID, PER, PRICE, PRICE_KEY, PRICE_STATUS,
    QUANTITY, TENANT_ID, TIER_FROM, USAGE_DATE,
};
use crate::table::reader::{Keep, contradiction, text};

/// What one tenant's usage is charged to a default subscription for one reason, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultCharge {
    pub currency: Currency,
    /// The sum of its charges, unrounded: only statement lines are rounded.
    pub charge: Charge,
    pub stamp: Stamp,
    pub attribution: Attribution,
    pub billed_subscription: String,
    pub tenant: Option<String>,
}

/// Usage on a default subscription that no price is in force for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultUnpriced {
    pub stamp: Stamp,
    pub attribution: Attribution,
    pub tenant: Option<String>,
    pub meter: String,
    pub quantity: Quantity,
}

/// What the default subscriptions are charged.
#[derive(Debug, Default)]
pub struct DefaultCharges {
    /// By currency, then the largest first.
    pub charges: Vec<DefaultCharge>,
    pub unpriced: Vec<DefaultUnpriced>,
    /// Whether some of this usage was charged at all, that is whether there was a price book.
    pub is_charged: bool,
}

/// What identifies a sum of charges: by text, so that it sorts as published tables do.
type ChargeKey = (Currency, Stamp, &'static str, String, Option<String>);

/// What identifies unpriced usage.
type UnpricedKey = (Stamp, &'static str, Option<String>, String);

/// Adds up the charges of default subscriptions on some stamps: of the rows that satisfy all of `keep`, and of the days
/// that are wanted.
///
/// # Errors
/// A table cannot be read, or a sum leaves its range.
// Long: one pass over the rows, with its two sums beside it.
pub(super) fn default_charges(
    publication: &Publication,
    stamps: &[Stamp],
    keep: &[Keep],
    is_wanted: impl Fn(Day) -> bool,
) -> Result<DefaultCharges> {
    let mut default_charges = DefaultCharges::default();
    let mut sums: BTreeMap<ChargeKey, (Attribution, Charge)> = BTreeMap::new();
    let mut unpriced: BTreeMap<UnpricedKey, (Attribution, Quantity)> = BTreeMap::new();
    let defaults = Attribution::ALL
        .into_iter()
        .filter(|attribution| attribution.is_default())
        .map(|attribution| attribution.as_str().to_owned());
    let mut keep = keep.to_vec();
    keep.push(Keep::Texts(ATTRIBUTION, defaults.collect()));
    let columns: [&dyn AnyColumn; 14] = [
        &USAGE_DATE,
        &BILLED_SUBSCRIPTION_ID,
        &ATTRIBUTION,
        &TENANT_ID,
        &METER_ID,
        &QUANTITY,
        &CHARGE,
        &PRICE_STATUS,
        &PRICE_KEY,
        &TIER_FROM,
        &PRICE,
        &PER,
        &DISCOUNT_PERCENT,
        &CURRENCY,
    ];
    for stamp in stamps {
        let folder = folder_of(CHARGES_FOLDER, stamp);
        for path in publication.files_below(&folder) {
            let month = month_in(&folder, path);
            if month.is_none_or(|month| !month.days().any(&is_wanted)) {
                continue;
            }
            default_charges.is_charged = true;
            for rows in publication.read(path, &contract::CHARGES, &columns, &keep)? {
                let (days, billed) = (rows.days(USAGE_DATE)?, rows.texts(BILLED_SUBSCRIPTION_ID)?);
                let (attributions, tenants) = (rows.texts(ATTRIBUTION)?, rows.texts(TENANT_ID)?);
                let (meters, quantities) = (rows.texts(METER_ID)?, rows.quantities(QUANTITY)?);
                let charges = rows.charges(CHARGE)?;
                for (row, price) in prices_of(path, &contract::CHARGES, &rows)?.into_iter().enumerate() {
                    let Some(attribution) = Attribution::parse(attributions.value(row)) else {
                        return Err(contradiction(path, format!("{:?} is not known", attributions.value(row))));
                    };
                    if !is_wanted(days[row]) {
                        continue;
                    }
                    let tenant = text(tenants, row).map(str::to_owned);
                    let past_range = || contradiction(path, "figures whose sum is out of range".to_owned());
                    if price.status == PriceStatus::Unpriced {
                        let key = (stamp.clone(), attribution.as_str(), tenant, meters.value(row).to_owned());
                        let (_, sum) = unpriced.entry(key).or_insert((attribution, Quantity::ZERO));
                        *sum = sum.checked_add(quantities.value(row)).ok_or_else(past_range)?;
                    } else if let Some((charge, terms)) = charges.maybe(row).zip(price.terms) {
                        let billed = billed.value(row).to_owned();
                        let key = (terms.currency, stamp.clone(), attribution.as_str(), billed, tenant);
                        let (_, sum) = sums.entry(key).or_insert((attribution, Charge::ZERO));
                        *sum = sum.checked_add(charge).ok_or_else(past_range)?;
                    }
                }
            }
        }
    }
    let charge = |((currency, stamp, _, billed_subscription, tenant), (attribution, charge)): (ChargeKey, _)| {
        DefaultCharge { currency, charge, stamp, attribution, billed_subscription, tenant }
    };
    default_charges.charges = sums.into_iter().map(charge).collect();
    // Equal charges stay in the order of their keys.
    default_charges.charges.sort_by_key(|charge| (charge.currency, Reverse(charge.charge)));
    let unpriced = unpriced.into_iter();
    default_charges.unpriced = unpriced
        .map(|((stamp, _, tenant, meter), (attribution, quantity))| DefaultUnpriced {
            stamp,
            attribution,
            tenant,
            meter,
            quantity,
        })
        .collect();
    Ok(default_charges)
}
