//! The way of a version to its publication.

use std::collections::BTreeSet;

use imprint_app::documents::{self, Authority, Edit};
use imprint_app::error::AppError;
use imprint_domain::document::{Document, Reader, Status, Version, VersionNumber, WarningCode, Which};

use super::saying;
use crate::installation::Installation;

const FIRST: VersionNumber = VersionNumber::FIRST;

impl Installation {
    pub(super) async fn set_status(
        &self,
        document: &Document,
        number: VersionNumber,
        status: Status,
    ) -> Result<Version, AppError> {
        self.publish_accepting(document, number, status, &[]).await
    }

    async fn publish_accepting(
        &self,
        document: &Document,
        number: VersionNumber,
        status: Status,
        accepts: &[WarningCode],
    ) -> Result<Version, AppError> {
        let accepts: BTreeSet<WarningCode> = accepts.iter().copied().collect();
        let by = (Authority::Publisher, None);
        let set = documents::set_status(&self.env, document.id, number, (status, &accepts), by).await?;
        Ok(set.1)
    }

    /// Publishes the newest version and lets everything happen.
    pub(super) async fn publish_newest(&self, document: &Document) -> Version {
        self.rest().await;
        let number = self.newest(document).await.number;
        self.set_status(document, number, Status::Published)
            .await
            .unwrap();
        self.rest().await;
        self.newest(document).await
    }
}

#[tokio::test(start_paused = true)]
async fn a07_a_document_with_a_bad_equation_is_rendered_and_not_published() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("warn")).await;
    let early = here.set_status(&document, FIRST, Status::Published).await;
    assert!(
        matches!(early, Err(AppError::Refused(_))),
        "nobody has rendered it: {early:?}"
    );
    here.rest().await;
    let version = here.newest(&document).await;
    let rendering = here
        .rendering_of(&document, version.current.as_ref().unwrap())
        .await;
    assert_eq!(rendering.warnings.len(), 1);
    let Err(AppError::Refused(sentence)) = here.set_status(&document, FIRST, Status::Published).await else {
        panic!("it has a warning");
    };
    assert!(
        sentence.contains("/document/introduction/children/0"),
        "{sentence}"
    );
    let accepted = here
        .publish_accepting(&document, FIRST, Status::Published, &[WarningCode::Equation])
        .await;
    assert_eq!(accepted.unwrap().status, Status::Published);
}

#[tokio::test(start_paused = true)]
async fn a17_a_published_version_answers_every_change_with_a_refusal() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    let published = here.publish_newest(&document).await;
    let page = here.page(&document, Reader::Public).await.unwrap();
    let edit = Edit::Replace(saying("Other"));
    let refused = documents::write(&here.env, document.id, FIRST, &edit, (None, None)).await;
    assert!(matches!(refused, Err(AppError::Refused(_))));
    for status in Status::ALL
        .into_iter()
        .filter(|status| *status != Status::Published)
    {
        let refused = here.set_status(&document, FIRST, status).await;
        assert!(matches!(refused, Err(AppError::Refused(_))), "{status}");
    }
    let name = imprint_testing::samples::parsed("moon.png");
    let refused = documents::forms(&here.env, document.id, FIRST, std::slice::from_ref(&name)).await;
    assert!(matches!(refused, Err(AppError::Refused(_))));
    let refused = documents::remove_image(&here.env, document.id, FIRST, &name, None).await;
    assert!(matches!(refused, Err(AppError::Refused(_))));
    let refused = documents::touch(&here.env, document.id, FIRST, (Authority::Editor, None)).await;
    assert!(matches!(refused, Err(AppError::Forbidden)));
    here.rest().await;
    assert_eq!(here.newest(&document).await, published);
    assert_eq!(here.page(&document, Reader::Public).await, Some(page));
}

#[tokio::test(start_paused = true)]
async fn a17_a_title_or_an_engine_that_comes_later_leaves_what_is_published_alone() {
    let mut here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.publish_newest(&document).await;
    let (page, rendered) = (here.page(&document, Reader::Public).await, here.press.count());
    let update = documents::DocumentUpdate {
        title: Some(imprint_testing::samples::parsed("Another title")),
        ..documents::DocumentUpdate::default()
    };
    documents::update(&here.env, document.id, &update).await.unwrap();
    std::sync::Arc::get_mut(&mut here.press).unwrap().engine = "press 2";
    here.world.clock.advance(jiff::SignedDuration::from_hours(1));
    documents::scan(&here.world.tenants(), &*here.press)
        .await
        .unwrap();
    here.rest().await;
    assert_eq!(here.press.count(), rendered);
    assert_eq!(here.page(&document, Reader::Public).await, page);
}

#[tokio::test(start_paused = true)]
async fn a08_each_touch_is_a_rendering_and_what_was_served_stays_until_it_has_succeeded() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    let published = here.publish_newest(&document).await;
    let mut served = vec![published.served(Reader::Public).unwrap().clone()];
    for _ in 0..2 {
        here.world.clock.advance(jiff::SignedDuration::from_secs(1));
        let by = (Authority::Publisher, None);
        documents::touch(&here.env, document.id, FIRST, by).await.unwrap();
        let waiting = here.newest(&document).await;
        assert_eq!(waiting.served(Reader::Public), served.last());
        here.rest().await;
        served.push(
            here.newest(&document)
                .await
                .served(Reader::Public)
                .unwrap()
                .clone(),
        );
    }
    let different: BTreeSet<_> = served.iter().collect();
    assert_eq!(different.len(), 3);
}

/// A typo that is found right after the publication.
#[tokio::test(start_paused = true)]
async fn a17_a_correction_is_a_minor_version_and_the_published_one_stays() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Helo")).await;
    let refused = documents::next_minor(&here.env, document.id, 1, None).await;
    assert!(
        matches!(refused, Err(AppError::Refused(_))),
        "a draft can be changed itself"
    );
    let first = here.publish_newest(&document).await;
    let (document, draft) = documents::next_minor(&here.env, document.id, 1, None)
        .await
        .unwrap();
    assert_eq!(draft.number.to_string(), "1.1");
    assert_eq!(document.newest, draft.number);
    let twice = documents::next_minor(&here.env, document.id, 1, None).await;
    assert!(matches!(twice, Err(AppError::Refused(_))));
    here.write(&document, saying("Hello")).await;
    here.rest().await;
    let public = documents::found(&here.env, document.clone(), Which::Latest, Reader::Public).await;
    assert_eq!(
        public.unwrap().version,
        first,
        "the public sees what is published"
    );
    here.publish_newest(&document).await;
    let public = documents::found(&here.env, document.clone(), Which::Latest, Reader::Public)
        .await
        .unwrap();
    assert_eq!(public.version.number, draft.number);
    let stored = documents::get(&here.env, document.id).await.unwrap();
    assert_eq!(stored.published, Some(draft.number));
    let exactly = documents::found(&here.env, document.clone(), Which::Exactly(FIRST), Reader::Public).await;
    assert_eq!(exactly.unwrap().version, first);
    let (_, major) = documents::next_major(&here.env, document.id, None).await.unwrap();
    assert_eq!(major.number.to_string(), "2.0");
}

#[tokio::test(start_paused = true)]
async fn only_who_may_publishes() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.rest().await;
    let wish = (Status::Published, &BTreeSet::new());
    let refused = documents::set_status(&here.env, document.id, FIRST, wish, (Authority::Editor, None)).await;
    assert!(matches!(refused, Err(AppError::Forbidden)));
}
