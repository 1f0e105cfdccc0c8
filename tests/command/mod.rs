//! What a person sees: exit code, standard output and error of the real binary, as transcripts.
//! `INSTA_UPDATE=always cargo test command` rewrites the transcripts.

mod check;
mod compare;
mod coverage;
mod history;
mod recover;
mod run;
mod settings;
mod unregistered;
mod why;
