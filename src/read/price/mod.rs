//! Price books, of the operator and of the vendor: tables by hand, rate cards, price lists, exchange rates.

mod price_list;
mod prices;
mod rate_card;

pub use prices::{ExchangeRates, PriceContent, PriceFile, read_exchange_rates, read_prices, read_vendor_prices};
pub use rate_card::{CardMeter, CardTerms, Discount, RateCard};
