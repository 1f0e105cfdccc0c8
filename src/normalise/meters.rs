//! The meter catalogue: the name of each meter, what it counts, and its unit.
//!
//! It is built in from the public documentation; `<root>/meters.csv` overrides single cells and adds meters. An unknown
//! meter is published as unknown, never dropped: custom worker tiers have different ids on each stamp.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::MeterId;
use crate::error::Result;
use crate::read::{CatalogueRow, meters_from};

const BUILT_IN: &str = include_str!("meters.csv");

/// One meter, as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    pub id: MeterId,
    pub meter_name: Option<String>,
    pub service: Option<String>,
    pub unit: Option<String>,
    /// What it counts, such as `vm_hours` or `core_hours`: only quantities of one kind are comparable.
    pub quantity_kind: Option<String>,
    /// Whether the catalogue or the root's `meters.csv` has it.
    pub known: bool,
    /// The meters of Azure's rate cards that correspond to it, sorted.
    #[serde(skip)]
    pub azure_meters: Vec<String>,
}

/// The built-in meters, with `overrides` applied.
///
/// # Errors
/// The built-in table is broken; a test proves that it is not.
pub fn catalogue(overrides: Vec<CatalogueRow>) -> Result<BTreeMap<MeterId, Meter>> {
    let mut meters = BTreeMap::new();
    for row in meters_from("the built-in meters.csv", BUILT_IN)?.into_iter().chain(overrides) {
        let meter = meters.entry(row.meter.clone()).or_insert_with(|| Meter::unknown(row.meter.clone()));
        meter.known = true;
        let cells = [
            (&mut meter.meter_name, row.meter_name),
            (&mut meter.service, row.service),
            (&mut meter.unit, row.unit),
            (&mut meter.quantity_kind, row.quantity_kind),
        ];
        for (cell, given) in cells {
            *cell = given.or(cell.take());
        }
        meter.azure_meters.extend(row.azure_meters);
        meter.azure_meters.sort();
        meter.azure_meters.dedup();
    }
    Ok(meters)
}

impl Meter {
    /// A meter with nothing known but its id.
    pub fn unknown(id: MeterId) -> Self {
        Self {
            id,
            meter_name: None,
            service: None,
            unit: None,
            quantity_kind: None,
            known: false,
            azure_meters: Vec::new(),
        }
    }
}
