//! Two organizations with something of everything, and tokens of everybody.

use http::StatusCode;
use imprint_app::ports::Change;
use imprint_domain::access::Permission::{
    AdminEdition, AdminProduct, AdminUser, DeprecateBuild, PublishRelease, UploadBuild,
};
use imprint_domain::access::{Memberships, Permission, Permissions, Products, Rights, Role, Token};
use imprint_testing::samples::{self, parsed};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::documents::desk_over;
use crate::server::{Server, path_of};

/// Whoever tries, in words, and their token. Those with fewer rights come first.
pub(super) const CALLERS: [(&str, &str); 24] = [
    ("nobody", ""),
    ("a token that never was", "imp_unknown"),
    ("a token that expired", "imp_expired"),
    ("a token without any right", "imp_nothing"),
    (
        "a login of the user whom paths name, without any right",
        "imp_self",
    ),
    ("a reader of another organization", "imp_other_reader"),
    ("an uploader of another organization", "imp_other_uploader"),
    ("an administrator of another organization", "imp_other_admin"),
    ("a reader of acme", "imp_acme_reader"),
    ("an uploader of acme", "imp_acme_uploader"),
    ("an administrator of acme", "imp_acme_admin"),
    ("the same, limited to alpha", "imp_acme_alpha"),
    ("the same, limited to beta", "imp_acme_beta"),
    ("a reader of default", "imp_default_reader"),
    ("an uploader of default", "imp_default_uploader"),
    ("an administrator of default", "imp_default_admin"),
    ("the same, limited to beta", "imp_default_beta"),
    ("LTD's UPLOAD_BUILD", "imp_UploadBuild"),
    ("LTD's DEPRECATE_BUILD", "imp_DeprecateBuild"),
    ("LTD's ADMIN_EDITION", "imp_AdminEdition"),
    ("LTD's ADMIN_PRODUCT", "imp_AdminProduct"),
    ("PUBLISH_RELEASE", "imp_PublishRelease"),
    ("LTD's ADMIN_USER: whoever runs the installation", "imp_AdminUser"),
    ("the same, limited to alpha", "imp_admin_alpha"),
];

const PERMISSIONS: [Permission; 6] = [
    UploadBuild,
    DeprecateBuild,
    AdminEdition,
    AdminProduct,
    PublishRelease,
    AdminUser,
];

pub(super) struct Stage {
    server: Server,
    /// What stands between braces of paths of `default`, and of `acme`.
    names: [Vec<(&'static str, String)>; 2],
}

impl Stage {
    pub(super) async fn new() -> Self {
        let server = Server::with_acme().await;
        server.organization("other", "www.example.com").await;
        for org in ["acme", "default"] {
            server.project(org, "beta").await;
        }
        tokens(&server);
        server
            .world
            .catalog
            .seed(vec![Change::CreateUser(samples::user("ci"))]);
        let role = json!({"role": "reader"});
        let put = server.put("/v2/orgs/acme/members/ci").admin().json(&role).await;
        put.expect(StatusCode::OK);
        let mut own = fill(&server, "default").await;
        let mut acme = fill(&server, "acme").await;
        let server = desk_over(server).await;
        for (base, names) in [("", &mut own), ("/v2/orgs/acme", &mut acme)] {
            let path = format!("{base}/documents/{}/versions/1.0", of(names, "{document}"));
            let version = server.get(&path).admin().send().await.json();
            names.push((
                "{checksum}",
                version["rendering"]["served"].as_str().unwrap().to_owned(),
            ));
        }
        Self {
            server,
            names: [own, acme],
        }
    }

    /// How a caller is answered.
    pub(super) async fn status(&self, method: &str, path: &str, caller: &str) -> u16 {
        let names = &self.names[usize::from(path.contains("{org}"))];
        let mut concrete = path.replace("{org}", "acme");
        for (name, value) in names.iter().filter(|(name, _)| name.starts_with('{')) {
            concrete = concrete.replace(name, value);
        }
        for (name, value) in SAME {
            concrete = concrete.replace(name, value);
        }
        let (id, name) = match path {
            _ if path.contains("/clusters/") => ("cluster-1", ""),
            _ if path.contains("/tokens/") => (of(names, "token"), "ci"),
            _ if path.starts_with("/users/") => ("", "ci"),
            _ if path.starts_with("/builds/") => (of(names, "build number"), ""),
            _ if path.starts_with("/editions/") => (of(names, "edition number"), ""),
            _ if path.starts_with("/queue/") || path.starts_with("/v2/task/") => (of(names, "task"), ""),
            _ if path.contains("/images/") => ("", "moon.png"),
            _ => ("", "index.html"),
        };
        let concrete = concrete.replace("{id}", id).replace("{name}", name);
        assert!(!concrete.contains(['{', '}']), "{concrete}");
        let call = self.server.call(method, &concrete);
        let call = if caller.is_empty() {
            call
        } else {
            call.token(caller)
        };
        call.send().await.status.as_u16()
    }
}

fn of<'a>(names: &'a [(&'static str, String)], name: &str) -> &'a str {
    let found = names.iter().find(|(found, _)| *found == name);
    found.map_or("", |(_, value)| value)
}

fn hashed(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// Everybody in [`CALLERS`] who has a token.
fn tokens(server: &Server) {
    let seed = |token: Token| server.world.catalog.seed(vec![Change::CreateToken(token)]);
    let only = |product: &str| Products::Only([parsed(product)].into());
    for org in ["other", "acme", "default"] {
        for role in Role::ALL {
            server.member(&format!("imp_{org}_{}", role.name()), org, role, Products::All);
        }
    }
    server.member("imp_acme_alpha", "acme", Role::Admin, only("alpha"));
    server.member("imp_acme_beta", "acme", Role::Admin, only("beta"));
    server.member("imp_default_beta", "default", Role::Admin, only("beta"));
    for permission in PERMISSIONS {
        server.grant(&format!("imp_{permission:?}"), &[permission]);
    }
    let none = Rights {
        permissions: Permissions::NONE,
        memberships: Memberships::default(),
    };
    seed(Token {
        rights: none.clone(),
        ..samples::token(&hashed("imp_nothing"), "somebody")
    });
    seed(Token {
        rights: none,
        ..samples::token(&hashed("imp_self"), "ci")
    });
    seed(Token {
        products: only("alpha"),
        ..samples::token(&hashed("imp_admin_alpha"), "somebody")
    });
    seed(Token {
        expires_at: samples::NOON - SignedDuration::from_secs(1),
        ..samples::token(&hashed("imp_expired"), "somebody")
    });
}

/// What is called the same in both organizations.
const SAME: [(&str, &str); 14] = [
    ("{queue}", "copy-edition"),
    ("{message}", "0123"),
    ("{slug}", "alpha"),
    ("{project}", "alpha"),
    ("{a}", "1"),
    ("{b}", "2"),
    ("{build}", "1"),
    ("{edition}", "main"),
    ("{user}", "ci"),
    ("{version}", "1.0"),
    ("{component}", "alpha"),
    ("{train}", "stable"),
    ("{release}", "1.0"),
    ("{uuid}", "9f8b4b2e-5a0c-4f2e-8f55-8a8d3a5c1e11"),
];

/// Something of everything that an organization has; and what it is called.
async fn fill(server: &Server, org: &str) -> Vec<(&'static str, String)> {
    let base = format!("/v2/orgs/{org}");
    let send = async |method: &str, path: String, body: Value| {
        let answer = server.call(method, &path).admin().json(&body).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        answer.json()
    };
    let alpha = format!("{base}/projects/alpha");
    let builds = format!("{alpha}/builds");
    send("POST", builds.clone(), json!({"git_ref": "main"})).await;
    let confirmed = send("PATCH", format!("{builds}/1"), json!({"uploaded": true})).await;
    let task = path_of(&confirmed["task_url"]);
    let build = numbered(server, org);
    send("POST", builds.clone(), json!({"git_ref": "main"})).await;
    let hook = json!({"url": "https://hooks.example.org/imprint"});
    let hook = path_of(&send("POST", format!("{base}/webhooks"), hook).await["self_url"]);
    let delivery = send("POST", format!("{hook}/ping"), json!({})).await;
    let delivery = path_of(&delivery["self_url"]);
    let documents = if org == "default" {
        String::new()
    } else {
        base.clone()
    };
    let content = crate::documents::showing("moon.png");
    let document = json!({"title": "T", "product": "alpha", "content": content});
    let document = send("POST", format!("{documents}/documents"), document).await;
    let registry = if org == "default" {
        String::new()
    } else {
        format!("{base}/registry")
    };
    let release = json!({"component": {"name": "alpha"}, "version": {"train": "stable", "version": "1.0", "released": "2016-05-02T12:00:00Z"}});
    send(
        "POST",
        format!("{registry}/v3/versions/stable/alpha/1.0"),
        release,
    )
    .await;
    let cluster = json!({"id": "cluster-1", "components": []});
    send("POST", format!("{registry}/v3/clusters"), cluster).await;
    let last = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    vec![
        ("{webhook}", last(&hook)),
        ("{delivery}", last(&delivery)),
        ("{document}", document["id"].to_string()),
        ("token", "0".repeat(32)),
        ("task", last(&task)),
        ("build number", build.0),
        ("edition number", build.1),
    ]
}

/// The numbers of the organization's first build and of its main edition in LTD's v1.
fn numbered(server: &Server, org: &str) -> (String, String) {
    let builds = server.world.catalog.all_builds();
    let build = builds
        .iter()
        .find(|build| build.organization.as_str() == org)
        .unwrap();
    let editions = server.world.catalog.all_editions();
    let edition = editions
        .iter()
        .find(|edition| edition.organization.as_str() == org && edition.product.as_str() == "alpha");
    (build.id.to_string(), edition.unwrap().id.to_string())
}
