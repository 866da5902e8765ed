//! Names, numbers and addresses.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use imprint_domain::access::{NewPassword, Permission, Role, UserName};
use imprint_domain::alternate::AlternateName;
use imprint_domain::dns::{DomainName, ZoneId};
use imprint_domain::document::{Alias, Checksum, ImageName, OutputName, Status, VersionNumber, Which};
use imprint_domain::git::GitRef;
use imprint_domain::id::{
    BuildId, DocumentId, EditionId, EventId, ManifestId, SurrogateKey, TaskId, TokenId, WebhookId,
};
use imprint_domain::key::{SiteDirectory, SitePath};
use imprint_domain::kind::Kind;
use imprint_domain::organization::{DocsDomain, PathPrefix};
use imprint_domain::registry::{
    ClusterId, ComponentName, Label, Note, ReportId, TrainLabel, TrainName, VersionName,
};
use imprint_domain::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};
use imprint_domain::template::TemplateName;
use imprint_domain::text::{Title, WebUrl};
use imprint_domain::tracking::{LsstDocGrammar, TrackingMode};
use imprint_domain::webhook::{EventKind, Reach, Secret, WebhookUrl};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::hostile;

/// A type that shows itself: what is accepted is short, reads back, and is stored as it is shown.
fn shown<T>(raw: &str, most: usize)
where
    T: FromStr<Err: Debug> + Display + PartialEq + Debug,
{
    let Ok(value) = raw.parse::<T>() else {
        return;
    };
    let text = value.to_string();
    assert!(text.len() <= most, "{raw:?} has {} bytes", text.len());
    assert_eq!(text.parse::<T>().unwrap(), value, "{raw:?}");
    // It goes into headers, keys of the table and log lines.
    assert!(!text.chars().any(char::is_control), "{raw:?}");
}

/// A type that is stored: what the table gives back is checked as what people send.
fn stored<T>(raw: &str)
where
    T: FromStr<Err: Debug> + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let value = serde_json::Value::from(raw);
    match raw.parse::<T>() {
        Ok(parsed) => {
            let text = serde_json::to_value(&parsed).unwrap();
            assert_eq!(serde_json::from_value::<T>(text).unwrap(), parsed, "{raw:?}");
        }
        Err(_) => assert!(serde_json::from_value::<T>(value).is_err(), "{raw:?}"),
    }
}

macro_rules! texts {
    ($raw:expr, $($name:ty: $most:expr),+ $(,)?) => {
        $(
            shown::<$name>($raw, $most);
            stored::<$name>($raw);
        )+
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn names_read_back_as_they_are_shown_and_stored(raw in hostile()) {
        let raw = raw.as_str();
        texts!(raw,
            ProductSlug: 63, BuildSlug: 128, EditionSlug: 128, OrganizationSlug: 128,
            // Characters, not bytes, and a character has four of them at most.
            UserName: 4 * 255, Title: 4 * 255, GitRef: 4 * 256, Note: 4 * 1000,
            TaskId: 32, TokenId: 32, SurrogateKey: 32, ManifestId: 32, WebhookId: 32, EventId: 32,
            Alias: 256, ImageName: 256, Checksum: 64, VersionNumber: 16,
            AlternateName: 63, TemplateName: 64, ComponentName: 256, TrainLabel: 96, VersionName: 256,
            ClusterId: 128, Label: 32, ReportId: 36, DomainName: 253, ZoneId: 32, DocsDomain: 195,
        );
        shown::<BuildId>(raw, 20);
        shown::<EditionId>(raw, 20);
        shown::<DocumentId>(raw, 20);
        shown::<OutputName>(raw, 32);
        shown::<Status>(raw, 32);
        shown::<TrainName>(raw, 256);
    }

    #[test]
    fn words_of_ours_are_known_and_nothing_else(raw in hostile()) {
        let known = [
            raw.parse::<Role>().is_ok(), raw.parse::<Permission>().is_ok(), raw.parse::<TrackingMode>().is_ok(),
            raw.parse::<Kind>().is_ok(), raw.parse::<EventKind>().is_ok(), raw.parse::<LsstDocGrammar>().is_ok(),
            raw.parse::<Which>().is_ok(), raw.parse::<imprint_domain::webhook::Format>().is_ok(),
        ];
        if known.contains(&true) {
            prop_assert!(raw.len() <= 64 && raw.is_ascii(), "{raw:?}");
        }
    }

    #[test]
    fn a_slug_is_one_part_of_a_path(raw in hostile()) {
        let slugs = [
            raw.parse::<ProductSlug>().map(|slug| slug.to_string()).ok(),
            raw.parse::<BuildSlug>().map(|slug| slug.to_string()).ok(),
            raw.parse::<EditionSlug>().map(|slug| slug.to_string()).ok(),
            raw.parse::<OrganizationSlug>().map(|slug| slug.to_string()).ok(),
            raw.parse::<Alias>().map(|slug| slug.to_string()).ok(),
            raw.parse::<ImageName>().map(|slug| slug.to_string()).ok(),
            raw.parse::<TemplateName>().map(|slug| slug.to_string()).ok(),
        ];
        for slug in slugs.into_iter().flatten() {
            prop_assert!(!slug.is_empty() && slug != "." && slug != "..", "{slug:?}");
            prop_assert!(!slug.contains(['/', '\\', '%', '?', '#', '"', '\'', '<', '>', '&', ' ']), "{slug:?}");
        }
    }

    #[test]
    fn a_path_of_a_site_stays_in_its_site(raw in hostile()) {
        if let Ok(path) = raw.parse::<SitePath>() {
            prop_assert_eq!(path.as_str().parse::<SitePath>().unwrap(), path.clone());
            prop_assert!(path.as_str().len() <= 1024);
            prop_assert!(!path.as_str().starts_with('/') && !path.as_str().contains('\0'));
            prop_assert!(!path.as_str().split('/').any(|part| ["", ".", ".."].contains(&part)), "{path:?}");
        }
        if let Ok(directory) = raw.parse::<SiteDirectory>() {
            prop_assert!(!directory.relative().split('/').any(|part| part == ".."), "{directory:?}");
        }
        if let Ok(prefix) = raw.parse::<PathPrefix>() {
            prop_assert!(prefix.as_str().len() <= 128 && !prefix.as_str().contains(".."), "{prefix:?}");
        }
    }

    #[test]
    fn an_address_is_one_that_pages_and_clients_can_have(raw in hostile()) {
        if let Ok(url) = raw.parse::<WebUrl>() {
            prop_assert!(url.as_str().starts_with("http://") || url.as_str().starts_with("https://"));
            prop_assert!(!url.as_str().contains(['"', '<', '>', ' ', '\n']), "{url:?}");
            prop_assert_eq!(url.as_str().parse::<WebUrl>().unwrap(), url);
        }
        if let Ok(url) = raw.parse::<WebhookUrl>() {
            prop_assert_eq!(url.as_str().parse::<WebhookUrl>().unwrap(), url.clone());
            prop_assert!(url.as_str().len() <= 1024 && url.check(Reach::Everywhere).is_ok());
            if url.check(Reach::Public).is_ok() {
                prop_assert!(url.as_str().starts_with("https://"));
                prop_assert!(!["127.", "169.254", "[::", "localhost", "10."].iter().any(|private| {
                    url.as_str()["https://".len()..].starts_with(private)
                }), "{url:?}");
            }
        }
    }

    #[test]
    fn a_secret_reads_back_and_never_shows_itself(raw in prop_oneof![hostile(), "whsec_[A-Za-z0-9+/]{28,88}={0,2}"]) {
        if let Ok(secret) = raw.parse::<Secret>() {
            prop_assert_eq!(secret.reveal(), raw.clone());
            let debugged = format!("{secret:?}");
            prop_assert!(!debugged.contains(&raw["whsec_".len()..]));
        }
        if let Ok(password) = raw.parse::<NewPassword>() {
            prop_assert!(raw.chars().count() >= 12 && raw.len() <= 1024);
            prop_assert_eq!(password.as_str(), raw.as_str());
            let debugged = format!("{password:?}");
            prop_assert!(!debugged.contains(&raw));
        }
    }
}
