//! `prices`: the entries of the price book that some charge rests on.

use super::columns::{
    CURRENCY, DISCOUNT_PERCENT, EFFECTIVE_FROM, METER_ID, PER, PRICE, PRICE_FILE, PRICE_KEY, PRICE_NOTE, PRICE_ROW,
    TIER_FROM, UNIT,
};
use crate::table::column::{Column, Kind, Table};

pub const PRICES: Table = Table {
    name: "prices",
    row: "price entry that was used",
    columns: &[
        Column { nullable: false, meaning: "key of the entry, of content alone", ..PRICE_KEY },
        METER_ID,
        Column::new(
            "scope",
            Kind::Text,
            "for whom it is, the most specific first: user_subscription, tenant, billed_subscription, stamp or all",
        ),
        Column::new("scope_id", Kind::Text, "the id that the scope names").nullable(),
        EFFECTIVE_FROM,
        Column::new("effective_to", Kind::Date, "the first day on which it is in force no more; null: for good")
            .nullable()
            .unit("UTC"),
        Column { nullable: false, ..TIER_FROM },
        Column { meaning: "the price of `per` units; null: it is not billable", ..PRICE },
        PER,
        DISCOUNT_PERCENT,
        CURRENCY,
        UNIT,
        PRICE_NOTE,
        Column { nullable: false, ..PRICE_FILE },
        Column { nullable: false, ..PRICE_ROW },
    ],
    sorted_by: 1,
};
