//! The registration resource and the list of its customer subscriptions (reference §4.1), dated by their file names.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fingerprint::ReadFile;
use super::json::has_next;
use super::root::{InputFile, SnapshotFiles};
use super::{shape, text};
use crate::domain::identity::is_guid;
use crate::domain::{BilledSubscriptionId, Hour, TenantId};
use crate::error::{Error, Result};

/// A dated copy of a stamp's registration.
#[derive(Clone, Debug)]
pub struct Registration {
    pub as_of: Hour,
    pub file: String,
    pub id: RegistrationId,
    pub billing_model: Option<String>,
    pub pages: Vec<ReadFile>,
}

/// The id of a registration resource, each part in one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationId {
    /// The subscription used to register: the default subscription.
    pub default_subscription: BilledSubscriptionId,
    resource_group: String,
    name: String,
}

/// A dated copy of the customer subscriptions of a registration.
#[derive(Clone, Debug)]
pub struct CustomerSubscriptions {
    pub as_of: Hour,
    pub file: String,
    /// As the list gives them, in order.
    pub rows: Vec<CustomerSubscription>,
    pub pages: Vec<ReadFile>,
}

#[derive(Clone, Debug)]
pub struct CustomerSubscription {
    pub subscription: BilledSubscriptionId,
    pub tenant: TenantId,
    /// The registration that the row's own id names; `None` when the row has no such id.
    pub registration: Option<RegistrationId>,
    /// The page, for messages.
    pub file: String,
}

impl RegistrationId {
    /// Reads `/subscriptions/{id}/resourceGroups/{rg}/providers/Microsoft.AzureStack/registrations/{name}[/…]`, in any
    /// case. `None` when the text is of another form.
    fn parse(id: &str) -> Option<Self> {
        let segments: Vec<&str> = id.trim().trim_start_matches('/').split('/').collect();
        let [subscriptions, subscription, groups, group, providers, provider, registrations, name, ..] = *segments
        else {
            return None;
        };
        let fixed = [subscriptions, groups, providers, provider, registrations];
        let expected = ["subscriptions", "resourcegroups", "providers", "microsoft.azurestack", "registrations"];
        let same = fixed.iter().zip(expected).all(|(found, expected)| found.eq_ignore_ascii_case(expected));
        (same && is_guid(subscription) && !name.trim().is_empty()).then_some(Self {
            default_subscription: BilledSubscriptionId::new(subscription)?,
            resource_group: group.to_lowercase(),
            name: name.trim().to_lowercase(),
        })
    }
}

#[derive(Deserialize)]
struct WireRegistration {
    id: Option<String>,
    properties: Option<WireRegistrationProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRegistrationProperties {
    billing_model: Option<String>,
}

#[derive(Deserialize)]
struct WireList<'a, T> {
    value: Vec<T>,
    #[serde(borrow, rename = "nextLink", alias = "NextLink", default)]
    next_link: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireCustomerSubscription {
    id: Option<String>,
    name: Option<String>,
    properties: Option<WireCustomerProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCustomerProperties {
    tenant_id: Option<String>,
}

/// Reads a registration snapshot.
///
/// # Errors
/// The file is no registration, or its `id` names no default subscription.
pub fn read_registration(snapshot: &SnapshotFiles) -> Result<Registration> {
    let [file] = snapshot.pages.as_slice() else {
        return Err(Error::input("a registration is one file").at(&snapshot.name).hint("keep one file in the folder"));
    };
    let text = text::read(file)?;
    let wire: WireRegistration = serde_json::from_str(text.as_str())
        .map_err(|error| shape::refusal(file, text.as_str(), "a registration", error))?;
    let hint = "the default subscription is the one in the registration's own id \
                (/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.AzureStack/registrations/<name>): save \
                the whole resource, as `az rest` or Get-AzResource returns it";
    let id = wire.id.ok_or_else(|| {
        Error::input("a registration without an `id`, so without its default subscription").at(&file.name).hint(hint)
    })?;
    let parsed = RegistrationId::parse(&id).ok_or_else(|| {
        Error::input(format!("the registration's id {id:?} names no default subscription")).at(&file.name).hint(hint)
    })?;
    Ok(Registration {
        as_of: snapshot.as_of,
        file: snapshot.name.clone(),
        id: parsed,
        billing_model: wire.properties.and_then(|properties| properties.billing_model),
        pages: vec![text.file],
    })
}

/// Reads all pages of a customer subscriptions snapshot.
///
/// # Errors
/// A page is no such list, a row lacks its subscription or tenant, or the last page is missing.
pub fn read_customer_subscriptions(snapshot: &SnapshotFiles) -> Result<CustomerSubscriptions> {
    let (rows, pages) = read_pages(snapshot, "a list of customer subscriptions", customer_subscription)?;
    Ok(CustomerSubscriptions { as_of: snapshot.as_of, file: snapshot.name.clone(), rows, pages })
}

fn customer_subscription(file: &InputFile, row: usize, wire: WireCustomerSubscription) -> Result<CustomerSubscription> {
    let refused = |what: &str| {
        Error::input(format!("row {row} of the customer subscriptions has no {what}"))
            .at(&file.name)
            .hint("save the whole list again, as the REST API returns it")
    };
    let last = |id: &str| id.trim().rsplit('/').next().map(str::trim).unwrap_or_default().to_owned();
    let id = wire.id.filter(|id| !id.trim().is_empty());
    let subscription = id.as_deref().or(wire.name.as_deref()).map(last).unwrap_or_default();
    let tenant = wire.properties.and_then(|properties| properties.tenant_id).unwrap_or_default();
    Ok(CustomerSubscription {
        subscription: BilledSubscriptionId::new(&subscription).ok_or_else(|| refused("id"))?,
        tenant: TenantId::new(&tenant).ok_or_else(|| refused("properties.tenantId"))?,
        registration: id.as_deref().and_then(RegistrationId::parse),
        file: file.name.clone(),
    })
}

/// Reads the pages of a list and its rows, and proves that the last page is there.
pub(super) fn read_pages<W, T>(
    snapshot: &SnapshotFiles,
    expected: &str,
    row: impl Fn(&InputFile, usize, W) -> Result<T>,
) -> Result<(Vec<T>, Vec<ReadFile>)>
where
    W: for<'de> Deserialize<'de>,
{
    let (mut rows, mut pages) = (Vec::new(), Vec::new());
    let mut last_pages = 0;
    for file in &snapshot.pages {
        let text = text::read(file)?;
        let list: WireList<'_, W> = serde_json::from_str(text.as_str())
            .map_err(|error| shape::refusal(file, text.as_str(), expected, error))?;
        last_pages += usize::from(!has_next(list.next_link));
        for (at, wire) in list.value.into_iter().enumerate() {
            rows.push(row(file, at + 1, wire)?);
        }
        pages.push(text.file);
    }
    if last_pages == 0 {
        return Err(Error::input(format!(
            "{expected} that lacks pages: each of its {} names a next one",
            snapshot.pages.len()
        ))
        .at(&snapshot.name)
        .hint("follow `nextLink` until a page has none, and lay all pages into one folder named by the date"));
    }
    Ok((rows, pages))
}
