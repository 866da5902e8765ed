use imprint_app::ports::{Catalog, Change};
use imprint_domain::access::{Permission, Permissions, Token, User};
use jiff::SignedDuration;

use super::{Place, half_past};
use crate::samples::{self, NOON};

pub(super) async fn a_user_is_read_as_created_and_created_only_once(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let user = User {
        permissions: Permissions::of(&[Permission::UploadBuild]),
        created_at: half_past(NOON),
        ..samples::user(&format!("Jörg {}", place.tag))
    };
    assert_eq!(catalog.user(&user.name).await.unwrap(), None);
    place.commit(vec![Change::CreateUser(user.clone())]).await;
    let again = User {
        permissions: Permissions::ALL,
        ..user.clone()
    };
    place.conflict(vec![Change::CreateUser(again)]).await;
    let stored = User {
        revision: user.revision.next(),
        ..user
    };
    assert_eq!(catalog.user(&stored.name).await.unwrap(), Some(stored));
}

pub(super) async fn a_token_is_read_also_when_it_has_expired(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    // Stores that remove what has expired take their time, so the hour that has passed is still there.
    let lives = [
        SignedDuration::from_hours(1),
        SignedDuration::from_hours(24 * 36_500),
    ];
    for (n, life) in lives.into_iter().enumerate() {
        let token = Token {
            permissions: Permissions::of(&[Permission::AdminUser, Permission::UploadBuild]),
            expires_at: half_past(NOON) + life,
            ..samples::token(&format!("{}{n}", place.tag), "dev")
        };
        assert_eq!(catalog.token(&token.hash).await.unwrap(), None);
        place.commit(vec![Change::CreateToken(token.clone())]).await;
        assert_eq!(catalog.token(&token.hash).await.unwrap().as_ref(), Some(&token));
        place.conflict(vec![Change::CreateToken(token)]).await;
    }
}
