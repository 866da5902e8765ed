use imprint_app::ports::{Catalog, Change, Login, StoreError};
use imprint_domain::access::{
    FAILURE_WINDOW, LoginFailures, Memberships, Permission, Permissions, Products, Rights, Role, Token,
    TokenKind, User,
};
use jiff::SignedDuration;

use super::{MANY, Place, half_past};
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
            rights: Rights {
                permissions: Permissions::of(&[Permission::AdminUser, Permission::UploadBuild]),
                memberships: Memberships::of(samples::parsed("acme"), Role::Uploader),
            },
            expires_at: half_past(NOON) + life,
            ..samples::token(&format!("{}{n}", place.tag), "dev")
        };
        assert_eq!(catalog.token(&token.hash).await.unwrap(), None);
        place.commit(vec![Change::CreateToken(token.clone())]).await;
        assert_eq!(catalog.token(&token.hash).await.unwrap().as_ref(), Some(&token));
        place.conflict(vec![Change::CreateToken(token)]).await;
    }
}

pub(super) async fn an_update_of_a_user_needs_its_revision(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let user = samples::user(&format!("dev {}", place.tag));
    place.conflict(vec![Change::UpdateUser(user.clone())]).await;
    place.commit(vec![Change::CreateUser(user.clone())]).await;
    let seen = catalog.user(&user.name).await.unwrap().unwrap();
    let changed = User {
        disabled_at: Some(half_past(NOON)),
        permissions: Permissions::NONE,
        ..seen.clone()
    };
    place.commit(vec![Change::UpdateUser(changed.clone())]).await;
    place.conflict(vec![Change::UpdateUser(seen.clone())]).await;
    let stored = User {
        revision: seen.revision.next(),
        ..changed
    };
    assert_eq!(catalog.user(&user.name).await.unwrap(), Some(stored));
}

pub(super) async fn what_rests_on_a_user_needs_its_revision(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let user = samples::user(&format!("dev {}", place.tag));
    let require = |revision| Change::RequireUser(user.name.clone(), revision);
    let token = samples::token(&place.tag, user.name.as_str());
    let beside = |revision| vec![require(revision), Change::CreateToken(token.clone())];
    place.conflict(beside(user.revision)).await;
    place.commit(vec![Change::CreateUser(user.clone())]).await;
    place.conflict(beside(user.revision)).await;
    place.conflict(vec![require(user.revision.next().next())]).await;
    assert_eq!(catalog.token(&token.hash).await.unwrap(), None);
    place.commit(vec![require(user.revision.next())]).await;
    place.commit(beside(user.revision.next())).await;
    assert_eq!(catalog.token(&token.hash).await.unwrap(), Some(token.clone()));
    let stored = catalog.user(&user.name).await.unwrap().unwrap();
    assert_eq!(stored.revision, user.revision.next());
}

pub(super) async fn users_are_listed_by_name(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let names = ["Ä", "a", "a b", "a%23", "a#b", "z"].map(|name| format!("{} {name}", place.tag));
    for name in &names {
        place.commit(vec![Change::CreateUser(samples::user(name))]).await;
    }
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = catalog.users(2, cursor.as_deref()).await.unwrap();
        assert!(page.items.len() <= 2);
        found.extend(page.items.into_iter().map(|user| user.name.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(found.is_sorted());
    found.retain(|name| name.starts_with(&place.tag));
    let mut names = names.to_vec();
    names.sort();
    assert_eq!(found, names);
}

pub(super) async fn tokens_are_listed_by_their_end_until_it_comes(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (user, other) = (format!("a {}", place.tag), format!("a {}#", place.tag));
    let issue = |n: usize, expires_at| {
        let label = samples::parsed("CI");
        let products = [samples::parsed("alpha"), samples::parsed("beta")];
        Token {
            kind: TokenKind::Machine { label },
            products: Products::Only(products.into()),
            expires_at,
            ..samples::token(&format!("{} {n}", place.tag), &user)
        }
    };
    let ends = super::ascending(NOON);
    let tokens: Vec<Token> = ends
        .into_iter()
        .enumerate()
        .map(|(n, end)| issue(n, end))
        .collect();
    for token in tokens.iter().rev() {
        place.commit(vec![Change::CreateToken(token.clone())]).await;
    }
    let foreign = samples::token(&format!("{} foreign", place.tag), &other);
    place.commit(vec![Change::CreateToken(foreign)]).await;
    let name = samples::parsed(&user);
    for (n, end) in ends.into_iter().enumerate() {
        let listed = catalog.tokens(&name, end, 10, None).await.unwrap();
        assert_eq!(listed.items, tokens[n + 1..], "what ends after {end}");
        assert_eq!(listed.next, None);
    }
    let before = NOON - SignedDuration::from_nanos(1);
    let first = catalog.tokens(&name, before, 3, None).await.unwrap();
    assert_eq!(first.items, tokens[..3]);
    let second = catalog.tokens(&name, before, 3, first.next.as_deref()).await;
    assert_eq!(second.unwrap().items, tokens[3..]);
    let wrong = catalog.tokens(&name, before, 3, Some("never handed out")).await;
    assert!(matches!(wrong, Err(StoreError::NotFound(_))), "{wrong:?}");
}

pub(super) async fn a_revoked_token_is_gone_and_can_be_revoked_again(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let user = format!("dev {}", place.tag);
    let token = |n| samples::token(&format!("{}{n}", place.tag), &user);
    let most = <dyn Catalog>::MAX_CHANGES;
    let create = (0..most).map(|n| Change::CreateToken(token(n)));
    place.commit(create.collect()).await;
    let revoke = || (1..most).map(|n| Change::RevokeToken(token(n))).collect();
    place.commit(revoke()).await;
    place.commit(revoke()).await;
    assert_eq!(catalog.token(&token(1).hash).await.unwrap(), None);
    let left = catalog.tokens(&samples::parsed(&user), NOON, MANY, None).await;
    assert_eq!(left.unwrap().items, [token(0)]);
}

pub(super) async fn wrong_passwords_are_counted_from_the_first_of_a_window(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let user = samples::user(&format!("dev {}", place.tag));
    let begin = half_past(NOON);
    let nothing = Login {
        user: None,
        failures: None,
    };
    assert_eq!(catalog.login(&user.name).await.unwrap(), nothing);
    // Also for a name that nobody has yet.
    let first = catalog.note_login_failure(&user.name, begin).await.unwrap();
    assert_eq!(
        first,
        LoginFailures {
            since: begin,
            count: 1
        }
    );
    place.commit(vec![Change::CreateUser(user.clone())]).await;
    let last = begin + FAILURE_WINDOW - SignedDuration::from_nanos(1);
    let second = catalog.note_login_failure(&user.name, last).await.unwrap();
    assert_eq!(
        second,
        LoginFailures {
            since: begin,
            count: 2
        }
    );
    let login = catalog.login(&user.name).await.unwrap();
    let stored = User {
        revision: user.revision.next(),
        ..user.clone()
    };
    assert_eq!((login.user, login.failures), (Some(stored), Some(second)));
    let over = begin + FAILURE_WINDOW;
    let anew = catalog.note_login_failure(&user.name, over).await.unwrap();
    assert_eq!(
        anew,
        LoginFailures {
            since: over,
            count: 1
        }
    );
    for _ in 0..2 {
        place
            .commit(vec![Change::ForgetLoginFailures(user.name.clone())])
            .await;
        assert_eq!(catalog.login(&user.name).await.unwrap().failures, None);
    }
    assert!(catalog.user(&user.name).await.unwrap().is_some());
}

pub(super) async fn wrong_passwords_at_the_same_time_are_all_counted(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let name = samples::parsed(&format!("dev {}", place.tag));
    for start in [NOON, NOON + FAILURE_WINDOW] {
        let many = (0..8).map(|_| catalog.note_login_failure(&name, start));
        futures_util::future::try_join_all(many).await.unwrap();
        let failures = catalog.login(&name).await.unwrap().failures;
        assert_eq!(
            failures,
            Some(LoginFailures {
                since: start,
                count: 8
            })
        );
    }
}
