//! The promises of `product.md` §6, over random roots.
//!
//! Roots are small (a few user subscriptions, meters, resources, days) so that cells collide often; the oracle adds up
//! exactly and knows nothing of the code.

mod attribution;
mod changes;
mod charges;
mod closing;
mod conservation;
mod deciding;
mod incremental;
mod margins;
mod one_state;
mod pieces;
mod random_root;
mod readers;
mod reported;
mod shapes;
mod tables;
mod vanishing;
