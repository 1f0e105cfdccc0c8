//! Findings: what a person should know about exports and snapshots, although the run continues.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::closed_list::closed_list;
use super::identity::{Stamp, stamp_or_empty};
use super::shown;
use super::time::Day;

closed_list! {
    /// The kinds of findings. The names are published in the receipt and never change meaning.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum FindingCode {
        /// Every page of an export names a next one: the last is missing.
        ChainWithoutEnd = "chain_without_end",
        /// A stamp has no export at all.
        StampWithoutUsage = "stamp_without_usage",
        /// A window's folder holds no file.
        ExportWithoutFiles = "export_without_files",
        /// A page is in its export twice, byte for byte; it counts once.
        PageSavedTwice = "page_saved_twice",
        /// A page holds no line.
        PageWithoutLines = "page_without_lines",
        /// The last page of an export is full, and no page says where a next one is.
        PageFullWithoutSuccessor = "page_full_without_successor",
        /// A table does not end with a line end.
        TableMayBeCut = "table_may_be_cut",
        /// Hours of a table were taken as UTC although nothing says that they are.
        TimeZoneAssumed = "time_zone_assumed",
        /// Lines of an export count neither a full UTC hour nor a full UTC day.
        UsageTimesNotWhole = "usage_times_not_whole",
        /// Usage of one stamp was queried from two provider subscriptions.
        SeveralProviderSubscriptions = "several_provider_subscriptions",
        /// A window has far fewer lines than those beside it.
        FewLinesInWindow = "few_lines_in_window",
        /// Reported time between the windows of a stamp is in no export: a night was missed.
        WindowMissing = "window_missing",
        /// A window ends earlier than its neighbours suggest, and nothing follows: a query was cut short.
        WindowCutShort = "window_cut_short",
        /// The newest window of a stamp is older than its rhythm suggests. This depends on the clock, so it is in no
        /// receipt.
        WindowOverdue = "window_overdue",
        /// Many lines of a window equal lines of the same window: usage may have been queried twice.
        EqualLines = "equal_lines",
        /// Files of one export have several shapes: usage may have been saved twice.
        SeveralShapes = "several_shapes",
        /// Published lines are used without proof that they are all lines of their export.
        PublishedLinesUnvouched = "published_lines_unvouched",
        /// Usage is older than usage can be reported in its window.
        UsageLongBeforeWindow = "usage_long_before_window",
        /// So many lines of an export were set aside that the days it completes are not settled.
        ManyRejects = "many_rejects",
        /// Pages of public Azure are among those of a stamp.
        UsageOfPublicAzure = "usage_of_public_azure",
        /// One customer subscription is mapped to several tenants.
        CustomerSubscriptionOfSeveralTenants = "customer_subscription_of_several_tenants",
        /// A listing gives no user subscription a tenant.
        ListingWithoutTenants = "listing_without_tenants",
        /// One listing gives a user subscription two tenants.
        UserSubscriptionListedTwice = "user_subscription_listed_twice",
        /// Usage is attributed by a snapshot taken after it, since none is older.
        SnapshotLaterThanUsage = "snapshot_later_than_usage",
        /// The customer subscriptions in force are empty, as the operator confirmed.
        RegistrationWithoutCustomers = "registration_without_customers",
        /// The default subscription is mapped to a tenant as well.
        DefaultSubscriptionIsCustomer = "default_subscription_is_customer",
        /// The id of a mapped customer subscription is no GUID. Azure calls it `InvalidCustomerSubscriptionId`.
        InvalidCustomerSubscriptionId = "invalid_customer_subscription_id",
        /// Snapshots have an id of a tenant or a user subscription that is no GUID.
        IdMalformed = "id_malformed",
        /// Snapshots spell one id in upper and in lower case; Azure's errors call it case sensitive.
        IdCaseDiffers = "id_case_differs",
        /// A capacity registration has customer subscriptions. Azure calls it `CustomerSubscriptionsNotAllowed`.
        CustomerSubscriptionsNotAllowed = "customer_subscriptions_not_allowed",
        /// A tenant that was mapped is no longer, and still uses the stamp.
        CustomerSubscriptionNotFound = "customer_subscription_not_found",
        /// A tenant is registered on one stamp, and uses another without being registered there.
        TenantRegisteredOnAnotherStamp = "tenant_registered_on_another_stamp",
        /// Tenants are mapped that use nothing.
        MappedTenantWithoutUsage = "mapped_tenant_without_usage",
        /// Usage is attributed by a snapshot that is older than the setting allows.
        SnapshotOlderThanUsage = "snapshot_older_than_usage",
        /// Two stamps have one registration: a folder was copied.
        RegistrationOfSeveralStamps = "registration_of_several_stamps",
        /// Two stamps have one default subscription: the invoice cannot tell them apart.
        DefaultSubscriptionOfSeveralStamps = "default_subscription_of_several_stamps",
        /// No price is in force for a quantity.
        UsageUnpriced = "usage_unpriced",
        /// No vendor price is in force for a quantity.
        VendorUsageUnpriced = "vendor_usage_unpriced",
        /// A month was closed before there was a price book.
        ClosedMonthNotCharged = "closed_month_not_charged",
        /// Additions to closed months that were charged are themselves not charged.
        AdjustmentNotCharged = "adjustment_not_charged",
        /// A rate card prices a meter of Azure Stack that no meter of the catalogue names.
        RateCardMeterUnmapped = "rate_card_meter_unmapped",
        /// A rate card prices a meter in a unit that is not known to be the meter's.
        RateCardUnitUnknown = "rate_card_unit_unknown",
        /// A rate card has an offer term that takes nothing off a price.
        RateCardTermNotApplied = "rate_card_term_not_applied",
        /// Exports of the last publication are gone from the root.
        ExportsMissing = "exports_missing",
        /// A stamp of the last publication is gone from the root.
        StampMissing = "stamp_missing",
        /// A file in the root that the last publication used is gone: names, meters, prices, exchange rates.
        TableMissing = "table_missing",
        /// Rows of `names.csv` have id and name swapped.
        NamesSwapped = "names_swapped",
        /// `names.csv` names what is no tenant and no billed subscription of the root.
        NameOfUnknownId = "name_of_unknown_id",
        /// A price, an exchange rate or a billing term differs from the one a month was closed with.
        ClosedMonthPriceNotApplied = "closed_month_price_not_applied",
        /// A tenant or a billed subscription has another name than when a month was closed.
        ClosedMonthNameNotApplied = "closed_month_name_not_applied",
        /// A meter has another description than when a month was closed.
        ClosedMonthMeterNotApplied = "closed_month_meter_not_applied",
        /// Customer subscriptions are under another registration than the one in force with them: the stamp was
        /// registered again.
        CustomersOfAnotherRegistration = "customers_of_another_registration",
        /// Names lost characters, which were replaced by `?` or U+FFFD.
        NamesWithLostCharacters = "names_with_lost_characters",
    }
}

closed_list! {
    /// The severity of a finding, the gravest first. It is published.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Severity {
        /// Figures may be wrong or incomplete, and something can be done about it: a month with such a finding is
        /// closed only when forced.
        Error = "error",
        /// The figures follow the rules; a person should know nevertheless, and may have to act.
        Warning = "warning",
        /// Nothing is wrong and nothing has to be done. It says why something is as it is.
        Note = "note",
    }
}

impl FindingCode {
    /// Whether figures may be wrong or incomplete because of it.
    // Long: a table of all codes.
    pub const fn severity(self) -> Severity {
        match self {
            // Usage is missing, or may be.
            Self::ChainWithoutEnd
            | Self::StampWithoutUsage
            | Self::ExportWithoutFiles
            | Self::PageFullWithoutSuccessor
            | Self::TableMayBeCut
            | Self::FewLinesInWindow
            | Self::WindowMissing
            | Self::WindowCutShort
            | Self::PublishedLinesUnvouched
            | Self::UsageTimesNotWhole
            // Usage may lie on the wrong day, since its dates or hours may have been misread.
            | Self::TimeZoneAssumed
            | Self::UsageLongBeforeWindow
            | Self::ManyRejects
            | Self::UsageOfPublicAzure
            // Usage may count twice, or may be another stamp's.
            | Self::SeveralProviderSubscriptions
            | Self::EqualLines
            | Self::SeveralShapes
            // Somebody may be charged wrongly: snapshots contradict themselves or each other, or Azure refuses what
            // they say.
            | Self::UserSubscriptionListedTwice
            | Self::InvalidCustomerSubscriptionId
            | Self::CustomerSubscriptionsNotAllowed
            | Self::RegistrationOfSeveralStamps
            // Azure charges them to the default subscription until they are registered again, and so do the lines.
            | Self::CustomersOfAnotherRegistration
            // Charges are missing.
            | Self::UsageUnpriced
            // Published figures would be removed.
            | Self::ExportsMissing
            | Self::StampMissing
            | Self::TableMissing => Severity::Error,

            // It depends on the clock; nothing published is wrong.
            Self::WindowOverdue
            // Who pays is what the registration says, though it may not be what is meant.
            | Self::CustomerSubscriptionOfSeveralTenants
            | Self::RegistrationWithoutCustomers
            | Self::DefaultSubscriptionIsCustomer
            | Self::CustomerSubscriptionNotFound
            | Self::TenantRegisteredOnAnotherStamp
            | Self::MappedTenantWithoutUsage
            | Self::DefaultSubscriptionOfSeveralStamps
            // Other listings decide instead; usage that none of them contains is counted as unknown.
            | Self::ListingWithoutTenants
            // A rule chooses the snapshot, and later snapshots say nothing more about the past.
            | Self::SnapshotLaterThanUsage
            | Self::SnapshotOlderThanUsage
            // Ids are compared in one spelling, or as they stand.
            | Self::IdMalformed
            | Self::IdCaseDiffers
            // Closed months stay as they are; additions are billed separately.
            | Self::ClosedMonthNotCharged
            | Self::AdjustmentNotCharged
            | Self::ClosedMonthPriceNotApplied
            // Names are what they are; no figure changes.
            | Self::NamesSwapped
            | Self::NameOfUnknownId
            | Self::NamesWithLostCharacters
            // What customers are charged does not depend on vendor prices.
            | Self::VendorUsageUnpriced
            // What a rate card does not price is `usage_unpriced` where it is used.
            | Self::RateCardUnitUnknown
            | Self::RateCardTermNotApplied => Severity::Warning,

            // It counts once, and nothing is missing.
            Self::PageSavedTwice
            // An idle stamp has empty pages, and so may the end of a full chain; far fewer lines are
            // `few_lines_in_window`.
            | Self::PageWithoutLines
            // What a closed month shows beside its figures stays as it was sent.
            | Self::ClosedMonthNameNotApplied
            | Self::ClosedMonthMeterNotApplied
            // Rate cards price all of public Azure's meters.
            | Self::RateCardMeterUnmapped => Severity::Note,
        }
    }
}

/// One finding: a code, a sentence, the ids and files concerned, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// `None`: it is about what is of no stamp, such as the price book.
    #[serde(with = "stamp_or_empty")]
    pub stamp: Option<Stamp>,
    pub code: FindingCode,
    pub sentence: String,
    pub concerned: Vec<String>,
    pub remedy: Cow<'static, str>,
    /// The days whose usage it is about, shown in coverage; empty when it is about none in particular.
    pub days: BTreeSet<Day>,
}

impl Finding {
    pub fn new(
        stamp: &Stamp,
        code: FindingCode,
        sentence: String,
        concerned: Vec<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { stamp: Some(stamp.clone()), ..Self::of_root(code, sentence, concerned, remedy) }
    }

    /// A finding about what is of no stamp, such as the price book. A sentence of many ids is bounded; `concerned` has
    /// them all.
    pub fn of_root(
        code: FindingCode,
        sentence: String,
        concerned: Vec<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        let sentence = shown::bounded(sentence);
        Self { stamp: None, code, sentence, concerned, remedy: remedy.into(), days: BTreeSet::new() }
    }

    /// The same, about the usage of these days.
    #[must_use]
    pub fn on(mut self, days: &BTreeSet<Day>) -> Self {
        self.days.clone_from(days);
        self
    }
}
