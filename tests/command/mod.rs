//! What a person sees: exit code, standard output and error of the real binary, as transcripts.
//! `INSTA_UPDATE=always cargo test command` rewrites the transcripts.

mod answers;
mod billed;
mod change_histories;
mod changes;
mod check;
mod closed;
mod closing;
mod compare;
mod copied;
mod coverage;
mod docs;
mod errors;
mod help;
mod hints;
mod history;
mod hostile;
mod log;
mod manual;
mod metrics;
mod names;
mod nights;
pub mod prices;
mod receipts;
mod recover;
mod run;
mod settings;
mod shrunken;
mod summary;
mod unregistered;
mod unsaid;
mod vanished;
mod vendor_prices;
mod why;
mod width;
