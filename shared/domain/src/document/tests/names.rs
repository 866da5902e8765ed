//! Names, numbers, and what is put into the bucket.

use super::{at, document};
use crate::document::{
    Alias, DocumentError, ImageName, Incoming, MAX_FORMER_ALIASES, Notice, Sequencer, VersionNumber, Which,
};
use crate::id::DocumentId;

#[test]
fn versions_are_asked_for_as_the_contract_says() {
    let exactly = |major, minor| Ok(Which::Exactly(VersionNumber { major, minor }));
    for (raw, which) in [
        ("latest", Ok(Which::Latest)),
        ("2", Ok(Which::Major(2))),
        ("v2", Ok(Which::Major(2))),
        ("v2.1", exactly(2, 1)),
        ("2.10", exactly(2, 10)),
    ] {
        assert_eq!(raw.parse::<Which>(), which, "{raw}");
    }
    for bad in [
        "", "v", "0", "v0.1", "2.", ".1", "2.1.3", "02", "2.01", "-1", "+1", "2 ", "Latest", "1e3", "100000",
    ] {
        assert!(bad.parse::<Which>().is_err(), "{bad:?}");
    }
}

#[test]
fn an_alias_that_a_document_had_leads_to_it_for_ever() {
    let alias = |raw: &str| -> Option<Alias> { Some(raw.parse().unwrap()) };
    let renamed = document().rename(alias("second")).unwrap().rename(None).unwrap();
    let names: Vec<&str> = renamed.aliases().map(Alias::as_str).collect();
    assert_eq!(names, ["fluxes", "second"]);
    let back = renamed.rename(alias("fluxes")).unwrap();
    assert_eq!(back.alias, alias("fluxes"));
    assert_eq!(back.former_aliases.len(), 1);
    let mut often = document();
    for n in 0..MAX_FORMER_ALIASES {
        often = often.rename(alias(&format!("name-{n}"))).unwrap();
    }
    assert_eq!(
        often.rename(alias("one-more")),
        Err(DocumentError::TooManyAliases)
    );
}

#[test]
fn a02_events_of_one_key_are_ordered_by_their_sequencers() {
    let event = |raw: &str| Notice::Event(Sequencer::new(raw));
    let taken = event("0055AED6DCD90281E5").taken(None, "a", at(0));
    assert!(event("0055AED6DCD90281E5").is_old(Some(&taken)), "the same again");
    assert!(event("55aed6dcd90281e4").is_old(Some(&taken)), "earlier");
    assert!(!event("55AED6DCD90281E6").is_old(Some(&taken)), "later");
    assert!(!event("0155AED6DCD90281E5").is_old(Some(&taken)), "longer");
    assert!(!event("0").is_old(None));
}

#[test]
fn a09_what_lies_there_is_taken_once_without_its_event() {
    let found = |second| Notice::Found {
        written_at: at(second),
    };
    assert!(!found(0).is_old(None));
    let taken = found(0).taken(None, "a", at(600));
    assert!(found(0).is_old(Some(&taken)));
    assert!(
        !found(590).is_old(Some(&taken)),
        "it may have been written after it was taken"
    );
    assert!(
        !Notice::Event(Sequencer::new("1")).is_old(Some(&taken)),
        "an event that comes at last is heard"
    );
}

#[test]
fn a09_what_was_found_and_is_what_an_event_told_of_is_known_by_what_it_says() {
    let event = Notice::Event(Sequencer::new("1"));
    let taken = event.taken(None, "a", at(2));
    let found = Notice::Found { written_at: at(0) };
    assert!(!found.is_old(Some(&taken)), "its time does not tell");
    assert!(found.is_again(Some(&taken), "a"));
    assert!(
        !found.is_again(Some(&taken), "b"),
        "a later write whose event was lost"
    );
    assert!(!found.is_again(None, "a"));
    assert!(
        !event.is_again(Some(&taken), "a"),
        "an event is told apart by its sequencer"
    );
}

#[test]
fn only_keys_of_the_right_shape_are_something_for_documents() {
    let image = Incoming::Image {
        document: DocumentId(42),
        version: VersionNumber { major: 1, minor: 10 },
        name: "full-moon.png".parse().unwrap(),
    };
    let batch = Incoming::Document {
        organization: "acme".parse().unwrap(),
        alias: "fluxes".parse().unwrap(),
    };
    for incoming in [image, batch] {
        assert_eq!(Incoming::read(&incoming.key()), Some(incoming));
    }
    for other in [
        "_imprint/incoming/images/42/1.0/../x",
        "_imprint/incoming/images/42/1/x.png",
        "_imprint/incoming/images/+42/1.0/x.png",
        "_imprint/incoming/images/42/1.0/.hidden",
        "_imprint/incoming/documents/acme/Fluxes.json",
        "_imprint/incoming/documents/acme/fluxes",
        "_imprint/documents/42/images/x",
        "images/42/1.0/x.png",
        "_imprint/incoming/",
    ] {
        assert_eq!(
            Incoming::read(&crate::key::ObjectKey::new(other)),
            None,
            "{other}"
        );
    }
}

#[test]
fn aliases_and_names_of_images_have_bounds() {
    for good in ["a", "fluxes-2", "2024-fluxes"] {
        assert!(good.parse::<Alias>().is_ok(), "{good}");
    }
    for bad in ["", "42", "Fluxes", "a_b", "a/b", "ä", &"a".repeat(33)] {
        assert!(bad.parse::<Alias>().is_err(), "{bad}");
    }
    for bad in ["", "..", ".x", "a/b", "a b", "a%20b", "ä.png", &"a".repeat(129)] {
        assert!(bad.parse::<ImageName>().is_err(), "{bad}");
    }
}
