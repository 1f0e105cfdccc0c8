//! The stamp's listing of its user subscriptions (reference §5), dated by its file name: which tenant owns which.

use serde::{Deserialize, Serialize};

use super::list::{DatedLists, KnownLists, ListKind, ListRow, read_lists};
use crate::control::Control;
use crate::domain::{TenantId, UserSubscriptionId};
use crate::error::{Error, Result};
use crate::read::SnapshotFiles;
use crate::read::options::Reading;
use crate::store::InputFile;

/// What a listing says of one user subscription. `None` is absent, null or blank.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

impl ListedUserSubscription {
    /// The same, without personal data unless that is wanted. Portals put the account into the name, too.
    #[must_use]
    pub fn with_owner(mut self, is_wanted: bool) -> Self {
        self.owner = self.owner.filter(|_| is_wanted);
        self.display_name = self.display_name.filter(|_| is_wanted);
        self
    }
}

/// Reads listings with all their pages: as the REST API returns them, or as `Get-AzsUserSubscription` does by way of
/// `ConvertTo-Json` or `Export-Csv`.
///
/// # Errors
/// A page is no such list, a row names no user subscription, the last page is missing, or a signal.
pub fn read_listings(
    snapshots: &[SnapshotFiles],
    reading: &Reading,
    control: &Control,
) -> Result<DatedLists<ListedUserSubscription>> {
    read_listings_beside(snapshots, KnownLists::none(), reading, control)
}

/// The same, where some may be known.
pub(in crate::read) fn read_listings_beside(
    snapshots: &[SnapshotFiles],
    known: KnownLists<'_, ListedUserSubscription>,
    reading: &Reading,
    control: &Control,
) -> Result<DatedLists<ListedUserSubscription>> {
    let columns = &["SubscriptionId", "TenantId"];
    let kind = ListKind { expected: "a listing of user subscriptions", columns, row: listed };
    read_lists(snapshots, &kind, known, reading, control)
}

fn listed(file: &InputFile, at: usize, row: &ListRow<'_>) -> Result<ListedUserSubscription> {
    let text = |name| row.text(&[name]);
    let id = text("subscriptionId").as_deref().and_then(UserSubscriptionId::new).ok_or_else(|| {
        Error::input(format!("row {at} of the listing has no subscriptionId")).at(&file.name).hint(
            "save the whole listing of Microsoft.Subscriptions.Admin/subscriptions again, as the REST API or \
             Get-AzsUserSubscription returns it",
        )
    })?;
    Ok(ListedUserSubscription {
        id,
        tenant: text("tenantId").as_deref().and_then(TenantId::new),
        provider: text("id").as_deref().and_then(provider_of),
        display_name: text("displayName"),
        owner: text("owner"),
        offer_id: text("offerId"),
        state: text("state"),
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
