//! The registration resource and the list of its customer subscriptions (reference §4.1), dated by their file names.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::list::{DatedList, DatedLists, KnownLists, ListKind, ListRow, read_lists};
use crate::control::Control;
use crate::domain::identity::{is_guid, one_spelling};
use crate::domain::{BilledSubscriptionId, Hour, TenantId, shown};
use crate::error::{Error, Result};
use crate::read::format::text;
use crate::read::options::Reading;
use crate::read::{SnapshotFiles, StampFolder};
use crate::store::{InputFile, ReadFile};

/// A dated copy of a stamp's registration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registration {
    pub as_of: Hour,
    pub file: String,
    pub id: RegistrationId,
    /// The id as the resource spells it.
    pub resource_id: String,
    pub billing_model: Option<String>,
    /// Of the stamp that was registered, lower case; some producers leave it out.
    pub cloud_id: Option<String>,
    pub pages: Vec<ReadFile>,
}

/// The id of a registration resource, each part in one spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RegistrationId {
    /// The subscription used to register: the default subscription.
    pub default_subscription: BilledSubscriptionId,
    resource_group: String,
    name: String,
}

/// One row of the customer subscriptions of a registration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CustomerSubscription {
    pub subscription: BilledSubscriptionId,
    pub tenant: TenantId,
    pub parent: Parent,
    /// The two ids as the list spells them: Azure's errors call the customer subscription's case sensitive.
    pub spelled: [String; 2],
}

impl fmt::Display for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { default_subscription, resource_group, name } = self;
        write!(f, "{name} of resource group {resource_group} in subscription {default_subscription}")
    }
}

impl RegistrationId {
    /// Reads `/subscriptions/{id}/resourceGroups/{rg}/providers/Microsoft.AzureStack/registrations/{name}`, in any
    /// case, and what follows it. `None` when the text is of another form.
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
    fn from_registration(id: &str) -> Option<Self> {
        Self::parse(id).filter(|(_, rest)| rest.is_empty()).map(|(id, _)| id)
    }

    /// The id of the registration under which a customer subscription lies.
    fn from_customer_subscription(id: &str) -> Option<Self> {
        let is_customer = |rest: &[&str]| {
            rest.len() == 2 && rest[0].eq_ignore_ascii_case("customersubscriptions") && !rest[1].trim().is_empty()
        };
        Self::parse(id).filter(|(_, rest)| is_customer(rest)).map(|(id, _)| id)
    }
}

/// The registration that a row of the customer subscriptions names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Parent {
    /// By the resource id of the row.
    Id(RegistrationId),
    /// Only by the `name`, as `{registration}/{customer subscription}`, lower case.
    Name(String),
    /// A bare id, which the documentation shows, too.
    Unsaid,
}

impl Parent {
    /// Whether the row can belong to that registration.
    pub fn is(&self, registration: &RegistrationId) -> bool {
        match self {
            Self::Id(id) => id == registration,
            Self::Name(name) => *name == registration.name,
            Self::Unsaid => true,
        }
    }
}

const WHOLE_RESOURCE: &str = "the default subscription is the one in the registration's own id \
    (/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.AzureStack/registrations/<name>): save the whole \
    resource, as `az rest` or Get-AzResource returns it";

/// Reads registration snapshots: each one resource, as the REST API, `az` or `Get-AzResource` returns it, or a list of
/// one.
///
/// # Errors
/// A file is no registration or several, its `id` names no default subscription, or a signal.
pub fn read_registrations(
    snapshots: &[SnapshotFiles],
    reading: &Reading,
    control: &Control,
) -> Result<Vec<Registration>> {
    let kind = ListKind { expected: "a registration", columns: &[], row: registration };
    let DatedLists { rows, lists } = read_lists(snapshots, &kind, KnownLists::none(), reading, control)?;
    let one = |list: DatedList| match list.rows.as_slice() {
        &[row] => {
            let RegistrationRow { id, resource_id, billing_model, cloud_id } = rows[row as usize].clone();
            let pages = list.pages.into_iter().map(|page| page.file).collect();
            Ok(Registration { as_of: list.as_of, file: list.file, id, resource_id, billing_model, cloud_id, pages })
        }
        [] => Err(Error::input("a list of no registration").at(&list.file).hint(WHOLE_RESOURCE)),
        several => {
            let ids: Vec<&str> = several.iter().map(|&row| rows[row as usize].resource_id.as_str()).collect();
            Err(Error::input(format!("{} registrations, where a stamp has one: {}", ids.len(), shown::list(&ids)))
                .at(&list.file)
                .hint("keep the registration of this stamp; its cloudId tells it apart"))
        }
    };
    lists.into_iter().map(one).collect()
}

/// The same, where some may be known from an earlier run.
pub(in crate::read) fn read_registrations_beside(
    snapshots: &[SnapshotFiles],
    known: &[Registration],
    unchanged: &BTreeSet<String>,
    reading: &Reading,
    control: &Control,
) -> Result<Vec<Registration>> {
    let known_of = |snapshot: &SnapshotFiles| {
        let registration = known
            .iter()
            .find(|registration| registration.file == snapshot.name && registration.as_of == snapshot.as_of)?;
        let is_same = registration.pages.len() == snapshot.pages.len()
            && snapshot.pages.iter().all(|page| unchanged.contains(&page.name));
        is_same.then_some(registration)
    };
    let (mut registrations, mut unknown) = (Vec::new(), Vec::new());
    for snapshot in snapshots {
        match known_of(snapshot) {
            Some(registration) => registrations.push(registration.clone()),
            None => unknown.push(snapshot.clone()),
        }
    }
    registrations.extend(read_registrations(&unknown, reading, control)?);
    registrations.sort_by_key(|registration| registration.as_of);
    Ok(registrations)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RegistrationRow {
    id: RegistrationId,
    resource_id: String,
    billing_model: Option<String>,
    cloud_id: Option<String>,
}

fn registration(file: &InputFile, _: usize, row: &ListRow<'_>) -> Result<RegistrationRow> {
    let resource_id = row.text(&ID).ok_or_else(|| {
        Error::input("a registration without an `id`, so without its default subscription")
            .at(&file.name)
            .hint(WHOLE_RESOURCE)
    })?;
    let id = RegistrationId::from_registration(&resource_id).ok_or_else(|| {
        Error::input(format!("the registration's id {} names no default subscription", shown::quoted(&resource_id)))
            .at(&file.name)
            .hint(WHOLE_RESOURCE)
    })?;
    let cloud_id = row.property("cloudId").map(|text| one_spelling(&text));
    Ok(RegistrationRow { id, resource_id, billing_model: row.property("billingModel"), cloud_id })
}

/// The names of a resource's id: `Get-AzResource` also calls it `ResourceId`.
const ID: [&str; 2] = ["id", "resourceId"];

/// Reads lists of customer subscriptions with all their pages, as the REST API, `az` or `Get-AzResource` returns them.
///
/// # Errors
/// A page is no such list, a row lacks its subscription or tenant, the last page is missing, or a signal.
pub fn read_customer_subscriptions(
    snapshots: &[SnapshotFiles],
    reading: &Reading,
    control: &Control,
) -> Result<DatedLists<CustomerSubscription>> {
    read_customer_subscriptions_beside(snapshots, KnownLists::none(), reading, control)
}

/// The same, where some may be known from an earlier run.
pub(in crate::read) fn read_customer_subscriptions_beside(
    snapshots: &[SnapshotFiles],
    known: KnownLists<'_, CustomerSubscription>,
    reading: &Reading,
    control: &Control,
) -> Result<DatedLists<CustomerSubscription>> {
    let kind = ListKind { expected: "a list of customer subscriptions", columns: &[], row: customer_subscription };
    read_lists(snapshots, &kind, known, reading, control)
}

fn customer_subscription(file: &InputFile, at: usize, row: &ListRow<'_>) -> Result<CustomerSubscription> {
    let refused = |what: &str| {
        Error::input(format!("row {at} of the customer subscriptions has no {what}"))
            .at(&file.name)
            .hint("save the whole list again, as the REST API returns it")
    };
    let last = |id: &str| id.rsplit('/').next().map(str::trim).unwrap_or_default().to_owned();
    let (id, name) = (row.text(&ID), row.text(&["name"]));
    let subscription = id.as_deref().or(name.as_deref()).map(last).unwrap_or_default();
    let tenant = row.property("tenantId").unwrap_or_default();
    let parent = match (id, name) {
        (Some(id), _) if id.contains('/') => {
            Parent::Id(RegistrationId::from_customer_subscription(&id).ok_or_else(|| {
                Error::input(format!("row {at} has the id {}, which is no customer subscription's", shown::quoted(&id)))
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
        spelled: [subscription, tenant],
    })
}

/// The prefix in the name of a file that replaces a stamp's own, before its path.
const OVERRIDE: &str = "--registration-override ";

/// Whether a snapshot, by its file, replaces the stamp's own.
pub fn is_override(file: &str) -> bool {
    file.starts_with(OVERRIDE)
}

/// Lets registrations and lists of customer subscriptions, recognised from their content, replace all snapshots of that
/// kind of a stamp. Each is given as a file, or as `stamp=file`.
///
/// # Errors
/// There is no such stamp or file, the stamp is not named, or two files are given for the same thing.
pub fn override_snapshots(
    stamps: &mut [StampFolder],
    given: &[String],
    reading: &Reading,
    control: &Control,
) -> Result<()> {
    let names: Vec<String> = stamps.iter().map(|folder| folder.stamp.to_string()).collect();
    let mut overridden: Vec<(usize, bool)> = Vec::new();
    for given in given {
        let wrong = |what: String| {
            Error::usage(format!("--registration-override {given}: {what}"))
                .hint(format!("write it as STAMP=FILE; stamps are {}", names.join(", ")))
        };
        // A path may contain `=`.
        let (stamp, path) = match given.split_once('=') {
            Some((stamp, path)) if !Path::new(given).is_file() => (Some(stamp), path),
            _ => (None, given.as_str()),
        };
        let at = match stamp {
            Some(stamp) => {
                names.iter().position(|name| name == stamp).ok_or_else(|| wrong(format!("no stamp {stamp}")))?
            }
            None if stamps.len() == 1 => 0,
            None => return Err(wrong("nothing says whose it is, and there are several stamps".to_owned())),
        };
        // It is outside the root, so its name must not be that of any input of the root.
        let file = InputFile { name: format!("{OVERRIDE}{path}"), path: path.into() };
        if !file.path.is_file() {
            return Err(wrong("there is no such file".to_owned()));
        }
        let is_registration = is_registration(&file, reading, control)?;
        if overridden.contains(&(at, is_registration)) {
            return Err(wrong(format!("a second one of its kind for stamp {}", names[at])));
        }
        overridden.push((at, is_registration));
        override_with(&mut stamps[at], &file, is_registration);
    }
    Ok(())
}

fn override_with(folder: &mut StampFolder, file: &InputFile, is_registration: bool) {
    let dates_of = |snapshots: &[SnapshotFiles]| snapshots.iter().map(|snapshot| snapshot.as_of).collect::<Vec<_>>();
    let same_kind = if is_registration { &folder.registrations } else { &folder.customer_subscriptions };
    let other = if is_registration { &folder.customer_subscriptions } else { &folder.registrations };
    let dates = [dates_of(same_kind), dates_of(other), vec![Hour::first()]].into_iter().find(|dates| !dates.is_empty());
    let like = |as_of: Hour| SnapshotFiles { as_of, name: file.name.clone(), pages: vec![file.clone()] };
    let all = dates.unwrap_or_default().into_iter().map(like).collect();
    if is_registration {
        folder.overridden = std::mem::replace(&mut folder.registrations, all);
    } else {
        folder.customer_subscriptions = all;
    }
}

/// Whether a file is a registration, and not a list of customer subscriptions.
///
/// # Errors
/// It is neither; the error is that of what it resembles.
fn is_registration(file: &InputFile, reading: &Reading, control: &Control) -> Result<bool> {
    let probe = [SnapshotFiles { as_of: Hour::first(), name: file.name.clone(), pages: vec![file.clone()] }];
    let Err(no_registration) = read_registrations(&probe, reading, control) else { return Ok(true) };
    let Err(no_list) = read_customer_subscriptions(&probe, reading, control) else { return Ok(false) };
    let text = text::read(file, reading.encoding)?.as_str().to_lowercase();
    Err(if text.contains("customersubscriptions") || text.contains("\"value\"") { no_list } else { no_registration })
}
