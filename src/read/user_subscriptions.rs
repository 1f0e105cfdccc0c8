//! The stamp's listing of its user subscriptions (reference §5), dated by its file name: which tenant owns which.

use serde::Deserialize;

use super::fingerprint::ReadFile;
use super::registration::read_pages;
use super::root::{InputFile, SnapshotFiles};
use crate::domain::{Hour, TenantId, UserSubscriptionId};
use crate::error::{Error, Result};

/// A dated copy of a stamp's listing of user subscriptions.
#[derive(Clone, Debug)]
pub struct Listing {
    pub as_of: Hour,
    pub file: String,
    /// As the listing gives them, in order.
    pub rows: Vec<ListedUserSubscription>,
    pub pages: Vec<ReadFile>,
}

/// What a listing says of one user subscription. `None` is absent, null or blank.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedUserSubscription {
    pub id: UserSubscriptionId,
    pub tenant: Option<TenantId>,
    /// The provider's own user subscription, from the row's resource id.
    pub provider: Option<UserSubscriptionId>,
    pub display_name: Option<String>,
    pub owner: Option<String>,
    pub offer_id: Option<String>,
    pub state: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUserSubscription {
    id: Option<String>,
    subscription_id: Option<String>,
    display_name: Option<String>,
    owner: Option<String>,
    tenant_id: Option<String>,
    offer_id: Option<String>,
    state: Option<String>,
}

/// Reads all pages of a listing.
///
/// # Errors
/// A page is no such list, a row names no user subscription, or the last page is missing.
pub fn read_listing(snapshot: &SnapshotFiles) -> Result<Listing> {
    let (rows, pages) = read_pages(snapshot, "a listing of user subscriptions", listed)?;
    Ok(Listing { as_of: snapshot.as_of, file: snapshot.name.clone(), rows, pages })
}

fn listed(file: &InputFile, row: usize, wire: WireUserSubscription) -> Result<ListedUserSubscription> {
    let id = wire.subscription_id.as_deref().and_then(UserSubscriptionId::new).ok_or_else(|| {
        Error::input(format!("row {row} of the listing has no subscriptionId")).at(&file.name).hint(
            "save the whole listing of Microsoft.Subscriptions.Admin/subscriptions again, as the REST API returns it",
        )
    })?;
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    Ok(ListedUserSubscription {
        id,
        tenant: wire.tenant_id.as_deref().and_then(TenantId::new),
        provider: wire.id.as_deref().and_then(provider_of),
        display_name: filled(wire.display_name),
        owner: filled(wire.owner),
        offer_id: filled(wire.offer_id),
        state: filled(wire.state),
    })
}

/// The first id of `/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin/subscriptions/{id}`.
fn provider_of(resource_id: &str) -> Option<UserSubscriptionId> {
    let segments: Vec<&str> = resource_id.trim().trim_start_matches('/').split('/').collect();
    match *segments {
        [subscriptions, provider, providers, namespace, ..]
            if subscriptions.eq_ignore_ascii_case("subscriptions")
                && providers.eq_ignore_ascii_case("providers")
                && namespace.eq_ignore_ascii_case("microsoft.subscriptions.admin") =>
        {
            UserSubscriptionId::new(provider)
        }
        _ => None,
    }
}
