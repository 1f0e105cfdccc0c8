//! `normalise`: instance data in all its forms, the meter catalogue.

use serde_json::json;
use stacktally::domain::{MeterId, Stamp};
use stacktally::normalise::{Resource, catalogue};
use stacktally::read::meters_from;

fn parse(raw: &str) -> Resource {
    Resource::parse(&Stamp::new("north").unwrap(), raw, &std::collections::BTreeMap::new()).unwrap()
}

/// The resource of a `Microsoft.Resources` object, as the API wraps it: a string of JSON.
fn resource_of(resources: serde_json::Value) -> Resource {
    parse(&json!(json!({"Microsoft.Resources": resources}).to_string()).to_string())
}

#[test]
fn a_vm_as_recorded_in_2019() {
    let info = r#"{"ServiceType":"Standard_F2s","ImageType":null,"Publisher":"Canonical"}"#;
    let vm = resource_of(json!({
        "resourceUri": "/subscriptions/1D6C/resourceGroups/RG1/providers/Microsoft.Compute/virtualMachines/VMClient0",
        "location": "NorthWest", "tags": "null", "additionalInfo": info,
    }));
    assert_eq!(
        vm.resource_uri.as_deref(),
        Some("/subscriptions/1d6c/resourcegroups/rg1/providers/microsoft.compute/virtualmachines/vmclient0")
    );
    assert_eq!(vm.resource_group(), Some("rg1"));
    assert_eq!(vm.resource_provider(), Some("microsoft.compute"));
    assert_eq!(vm.resource_type().as_deref(), Some("virtualmachines"));
    assert_eq!(vm.resource_name(), Some("vmclient0"));
    assert_eq!(vm.location.as_deref(), Some("northwest"));
    assert_eq!(vm.tags, None);
    assert_eq!(
        vm.additional_info.as_deref(),
        Some(r#"{"ImageType":null,"Publisher":"Canonical","ServiceType":"Standard_F2s"}"#)
    );
    assert_eq!(vm.service_type().as_deref(), Some("Standard_F2s"));
}

#[test]
fn both_spellings_of_a_segment_and_of_a_slash_are_one_resource() {
    let resource =
        |uri: &str| resource_of(json!({"resourceUri": uri, "location": "here", "tags": "", "additionalInfo": ""}));
    let one = resource("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a");
    assert_eq!(one, resource("/subscriptions/s/resourcegroups/rg/providers/Microsoft.Storage/storageaccounts/a"));
    assert_eq!(
        one,
        resource("\\subscriptions\\s\\resourceGroups\\rg\\providers\\Microsoft.Storage\\storageAccounts\\a")
    );
}

#[test]
fn tags_in_all_their_forms() {
    let tags = |tags: serde_json::Value| resource_of(json!({"resourceUri": "/x", "tags": tags})).tags;
    for none in [json!(""), json!("null"), json!(null), json!("  ")] {
        assert_eq!(tags(none.clone()), None, "{none}");
    }
    assert_eq!(
        tags(json!(r#"{ "b": 1.50, "a": {"d": [ ], "c": "é\u0041"} }"#)).as_deref(),
        Some(r#"{"a":{"c":"éA","d":[]},"b":1.50}"#)
    );
    assert_eq!(tags(json!({"b": "1", "a": "2"})).as_deref(), Some(r#"{"a":"2","b":"1"}"#));
    assert_eq!(tags(json!("System.Collections.Hashtable")).as_deref(), Some("System.Collections.Hashtable"));
    assert_eq!(tags(json!("{not json")).as_deref(), Some("{not json"));
}

#[test]
fn additional_info_that_is_no_json() {
    let with = |kind: &str, info: &str| {
        resource_of(
            json!({"resourceUri": format!("/subscriptions/s/resourceGroups/rg/providers/{kind}/n"), "additionalInfo": info}),
        )
    };
    let ip = with("Microsoft.Network/publicIPAddresses", "InUse");
    assert_eq!((ip.additional_info.as_deref(), ip.service_type()), (Some("InUse"), None));
    let vm_of_2017 = with("Microsoft.Compute/virtualMachines", "Standard_A1");
    assert_eq!(vm_of_2017.service_type().as_deref(), Some("Standard_A1"));
    let nested = with("Microsoft.Sql/servers/s1/databases", "");
    assert_eq!((nested.resource_type().as_deref(), nested.resource_name()), (Some("servers/databases"), Some("n")));
}

#[test]
fn instance_data_that_is_no_instance_stays() {
    for none in ["null", "\"\"", "\"null\"", "\" \""] {
        let resource = parse(none);
        assert_eq!((&resource.resource_uri, &resource.additional_info), (&None, &None), "{none}");
        assert_eq!(resource.key, parse("null").key, "{none}");
    }
    assert_eq!(parse("\"plain text\"").additional_info.as_deref(), Some("plain text"));
    assert_eq!(parse("\"{\\\"other\\\":1}\"").additional_info.as_deref(), Some("{\"other\":1}"));
    assert_eq!(parse("7").additional_info.as_deref(), Some("7"));
    let object = parse(r#"{"Microsoft.Resources":{"resourceUri":"/X"}}"#);
    assert_eq!(object.resource_uri.as_deref(), Some("/x"), "the object itself, not a string of it");
}

#[test]
fn the_key_is_of_content_alone() {
    // SHA-256 of 8-byte lengths and texts: north, /x, here, "", "" — worked with another implementation.
    let resource = resource_of(json!({"resourceUri": "/X", "location": "Here", "tags": null, "additionalInfo": ""}));
    assert_eq!(resource.key, KEY_OF_X);
    assert_ne!(resource.key, resource_of(json!({"resourceUri": "/X", "location": "Here", "tags": "here"})).key);
    assert_ne!(resource_of(json!({"tags": "a"})).key, resource_of(json!({"additionalInfo": "a"})).key);
}

const KEY_OF_X: i64 = -6_074_334_117_705_862_325;

#[test]
fn long_texts_are_cut_before_they_are_hashed() {
    let long = "é".repeat(20_000);
    let resource = resource_of(json!({"tags": long}));
    assert_eq!(resource.tags.as_ref().map(|tags| tags.len()), Some(32_000));
    assert_eq!(resource, resource_of(json!({"tags": format!("{long}more")})));
}

#[test]
fn the_catalogue_is_whole_and_can_be_overridden() {
    let id = |text: &str| MeterId::new(text).unwrap();
    let rows = meters_from(
        "meters.csv",
        "meter_id,quantity_kind,meter_name\n{F271A8A388C44D93956A063E1D2FA80B},,Static\nown-tier,instance_hours,Own\n",
    )
    .unwrap();
    let built_in = catalogue(Vec::new()).unwrap();
    let meters = catalogue(rows).unwrap();
    assert_eq!((built_in.len(), meters.len()), (85, 86));
    let ip = &meters[&id("f271a8a3-88c4-4d93-956a-063e1d2fa80b")];
    assert_eq!(
        (ip.meter_name.as_deref(), ip.unit.as_deref(), ip.quantity_kind.as_deref()),
        (Some("Static"), Some("IP addresses"), Some("ip_address_hours"))
    );
    assert!(meters[&id("own-tier")].known);
    let kind = |meter: &str| built_in[&id(meter)].quantity_kind.as_deref().unwrap();
    assert_ne!(
        kind("6dab500f-a4fd-49c4-956d-229bb9c8c793"),
        kind("9cd92d4c-bafd-4492-b278-bedc2de8232a"),
        "VM hours are no core hours"
    );
}

#[test]
fn catalogues_with_mistakes_are_refused() {
    let refused = |text: &str| {
        let error = meters_from("meters.csv", text).expect_err("refused");
        format!("{error} ({})", error.hint.as_deref().unwrap_or_default())
    };
    assert_eq!(
        refused("meter_id,meter_nam\nx,y\n"),
        "meters.csv:1:1: column 2 is called \"meter_nam\" (the table has the columns meter_id, meter_name, service, unit, quantity_kind, azure_meter_id, description (did you mean `meter_name`?): rename this one, or delete it)"
    );
    assert_eq!(
        refused("meter_id,unit\nX,a\n x ,b\n"),
        "meters.csv:3:1: x stands in the table twice (keep one of the rows)"
    );
    assert_eq!(
        refused("meter_id,unit\n,a\n"),
        "meters.csv:2:1: a row without an id (fill in the id, or delete the row)"
    );
    assert!(
        refused("meter_id,unit\nx,a,b\n").starts_with("meters.csv:2:1: \"b\" stands in column 3, and the header has 2")
    );
    assert!(refused("meter_name,unit\nx,y\n").starts_with("meters.csv:1:1: no table of meter_id"));
    assert!(meters_from("meters.csv", "meter_id;unit\r\nx;\"a;b\"\r\n").unwrap()[0].unit.as_deref() == Some("a;b"));
}
