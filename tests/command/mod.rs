//! What a person sees: exit code, standard output and error of the real binary, as transcripts.
//! `INSTA_UPDATE=always cargo test command` rewrites the transcripts.

mod billed;
mod changes;
mod check;
mod closing;
mod compare;
mod coverage;
mod docs;
mod history;
mod log;
mod metrics;
mod prices;
mod recover;
mod run;
mod settings;
mod summary;
mod unregistered;
mod why;
mod width;
