//! One table of literal inputs and expectations for each stage, through its public functions.

mod attribute;
mod balance;
mod columns;
mod coverage;
mod cultures;
mod days;
mod findings;
mod hand_tables;
mod identity;
mod layout;
mod ledger;
mod money;
mod normalise;
mod out;
mod prices;
mod publish;
mod quantity;
mod ranked;
mod read;
mod reported;
mod root;
mod shown;
mod tables;
mod time;
mod windows;
