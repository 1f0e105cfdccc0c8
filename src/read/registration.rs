//! The registration resource and the list of its customer subscriptions (reference §4.1), dated by their file names.

use super::fingerprint::ReadFile;
use super::list::{Row, read_list};
use super::reading::Reading;
use super::root::{InputFile, SnapshotFiles};
use crate::domain::identity::is_guid;
use crate::domain::{BilledSubscriptionId, Hour, TenantId};
use crate::error::{Error, Result};

/// A dated copy of a stamp's registration.
#[derive(Clone, Debug)]
pub struct Registration {
    pub as_of: Hour,
    pub file: String,
    pub id: RegistrationId,
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
    pub parent: Parent,
    /// The page, for messages.
    pub file: String,
}

impl RegistrationId {
    /// Reads `/subscriptions/{id}/resourceGroups/{rg}/providers/Microsoft.AzureStack/registrations/{name}`, in any case,
    /// and what follows it. `None` when the text is of another form.
    fn parse(id: &str) -> Option<(Self, Vec<&str>)> {
        let segments: Vec<&str> = id.trim().trim_start_matches('/').split('/').collect();
        let [subscriptions, subscription, groups, group, providers, provider, registrations, name, ref rest @ ..] =
            *segments
        else {
            return None;
        };
        let fixed = [subscriptions, groups, providers, provider, registrations];
        let expected = ["subscriptions", "resourcegroups", "providers", "microsoft.azurestack", "registrations"];
        let same = fixed.iter().zip(expected).all(|(found, expected)| found.eq_ignore_ascii_case(expected));
        let id = Self {
            default_subscription: BilledSubscriptionId::new(subscription).filter(|_| is_guid(subscription))?,
            resource_group: group.to_lowercase(),
            name: name.trim().to_lowercase(),
        };
        (same && !id.name.is_empty()).then(|| (id, rest.to_vec()))
    }

    /// The id of a registration itself.
    fn of_registration(id: &str) -> Option<Self> {
        Self::parse(id).filter(|(_, rest)| rest.is_empty()).map(|(id, _)| id)
    }

    /// The id of the registration under which a customer subscription lies.
    fn of_customer_subscription(id: &str) -> Option<Self> {
        let is_customer = |rest: &[&str]| {
            rest.len() == 2 && rest[0].eq_ignore_ascii_case("customersubscriptions") && !rest[1].trim().is_empty()
        };
        Self::parse(id).filter(|(_, rest)| is_customer(rest)).map(|(id, _)| id)
    }
}

/// What a row of the customer subscriptions says of the registration above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// The row's own resource id names it.
    Id(RegistrationId),
    /// Only the `name`, as `{registration}/{customer subscription}`, does: lower case.
    Name(String),
    /// A bare id, as the documentation prints it too.
    Unsaid,
}

impl Parent {
    /// Whether the row can lie under that registration.
    pub fn is(&self, registration: &RegistrationId) -> bool {
        match self {
            Self::Id(id) => id == registration,
            Self::Name(name) => *name == registration.name,
            Self::Unsaid => true,
        }
    }
}

/// Reads a registration snapshot: one resource, as the REST API, `az` or `Get-AzResource` returns it, or a list of one.
///
/// # Errors
/// The file is no registration or several, or its `id` names no default subscription.
pub fn read_registration(snapshot: &SnapshotFiles, reading: &Reading) -> Result<Registration> {
    let hint = "the default subscription is the one in the registration's own id \
                (/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.AzureStack/registrations/<name>): save \
                the whole resource, as `az rest` or Get-AzResource returns it";
    let (ids, pages) = read_list(snapshot, "a registration", &[], reading, |file, _, row| {
        let id = row.text(&ID).ok_or_else(|| {
            Error::input("a registration without an `id`, so without its default subscription")
                .at(&file.name)
                .hint(hint)
        })?;
        let parsed = RegistrationId::of_registration(&id).ok_or_else(|| {
            Error::input(format!("the registration's id {id:?} names no default subscription"))
                .at(&file.name)
                .hint(hint)
        })?;
        Ok((parsed, id))
    })?;
    match ids.as_slice() {
        [(id, _)] => Ok(Registration { as_of: snapshot.as_of, file: snapshot.name.clone(), id: id.clone(), pages }),
        [] => Err(Error::input("a list of no registration").at(&snapshot.name).hint(hint)),
        several => {
            let ids: Vec<&str> = several.iter().map(|(_, id)| id.as_str()).collect();
            Err(Error::input(format!("{} registrations, where a stamp has one: {}", ids.len(), ids.join(", ")))
                .at(&snapshot.name)
                .hint("keep the registration of this stamp; its cloudId tells it apart"))
        }
    }
}

/// The names that a resource's id goes by: `Get-AzResource` calls it `ResourceId`, too.
const ID: [&str; 2] = ["id", "resourceId"];

/// Reads all pages of a customer subscriptions snapshot, as the REST API, `az` or `Get-AzResource` returns them.
///
/// # Errors
/// A page is no such list, a row lacks its subscription or tenant, or the last page is missing.
pub fn read_customer_subscriptions(snapshot: &SnapshotFiles, reading: &Reading) -> Result<CustomerSubscriptions> {
    let (rows, pages) = read_list(snapshot, "a list of customer subscriptions", &[], reading, customer_subscription)?;
    Ok(CustomerSubscriptions { as_of: snapshot.as_of, file: snapshot.name.clone(), rows, pages })
}

fn customer_subscription(file: &InputFile, at: usize, row: &Row<'_>) -> Result<CustomerSubscription> {
    let refused = |what: &str| {
        Error::input(format!("row {at} of the customer subscriptions has no {what}"))
            .at(&file.name)
            .hint("save the whole list again, as the REST API returns it")
    };
    let last = |id: &str| id.rsplit('/').next().map(str::trim).unwrap_or_default().to_owned();
    let (id, name) = (row.text(&ID), row.text(&["name"]));
    let subscription = id.as_deref().or(name.as_deref()).map(last).unwrap_or_default();
    let tenant = row.object("properties").and_then(|properties| properties.text(&["tenantId"])).unwrap_or_default();
    let parent = match (id, name) {
        (Some(id), _) if id.contains('/') => {
            Parent::Id(RegistrationId::of_customer_subscription(&id).ok_or_else(|| {
                Error::input(format!("row {at} has the id {id:?}, which is no customer subscription's"))
                    .at(&file.name)
                    .hint("save the list of …/registrations/<name>/customerSubscriptions, as the REST API returns it")
            })?)
        }
        (_, Some(name)) if name.contains('/') => {
            Parent::Name(name.split('/').next().unwrap_or_default().trim().to_lowercase())
        }
        _ => Parent::Unsaid,
    };
    Ok(CustomerSubscription {
        subscription: BilledSubscriptionId::new(&subscription).ok_or_else(|| refused("id"))?,
        tenant: TenantId::new(&tenant).ok_or_else(|| refused("properties.tenantId"))?,
        parent,
        file: file.name.clone(),
    })
}
