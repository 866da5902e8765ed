//! A router with a world behind it, and requests in one line.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use imprint_api::{ApiConfig, Credentials, router};
use imprint_app::access::Bootstrap;
use imprint_app::ports::Change;
use imprint_app::tenants::Tenants;
use imprint_domain::access::{Memberships, Permission, Permissions, Products, Rights, Role, Token};
use imprint_testing::{World, samples};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

pub(crate) const HOST: &str = "keeper.example.org";
pub(crate) const ADMIN: &str = "imp_admin";
pub(crate) const WITH_FORMS: &str = "application/vnd.ltdkeeper.v2+json";

pub(crate) struct Server {
    pub(crate) world: World,
    router: Router,
}

pub(crate) fn config() -> ApiConfig {
    let bootstrap = Bootstrap {
        user: samples::parsed("dev"),
        password: "dev".to_owned(),
    };
    ApiConfig {
        bootstrap: Some(bootstrap),
        doctor: Credentials::new("doctor", "a long random password"),
        is_local: false,
    }
}

/// A token that is stored, good for an hour after noon.
pub(crate) fn token(secret: &str, permissions: Permissions) -> Change {
    Change::CreateToken(Token {
        rights: Rights::of(permissions),
        ..samples::token(&hex::encode(Sha256::digest(secret)), "somebody")
    })
}

impl Server {
    pub(crate) fn new() -> Self {
        let world = World::new();
        world.catalog.seed(vec![token(ADMIN, Permissions::ALL)]);
        Self::over(world.tenants(), world)
    }

    pub(crate) fn over(tenants: Tenants, world: World) -> Self {
        Self {
            router: router(tenants, config()),
            world,
        }
    }

    /// A server with a product `alpha`, whose default edition has the number 1.
    pub(crate) async fn with_alpha() -> Self {
        let server = Self::new();
        let body = serde_json::json!({"slug": "alpha", "title": "Alpha", "doc_repo": "https://github.com/example/alpha"});
        server
            .post("/products/")
            .admin()
            .json(&body)
            .await
            .expect(StatusCode::CREATED);
        server
    }

    /// A token with just these permissions.
    pub(crate) fn grant(&self, secret: &str, permissions: &[Permission]) {
        self.world
            .catalog
            .seed(vec![token(secret, Permissions::of(permissions))]);
    }

    /// A server with `alpha` in the default organization, and one of the same name in `acme`, which is below a path.
    pub(crate) async fn with_acme() -> Self {
        let server = Self::with_alpha().await;
        server.organization("acme", "www.example.net").await;
        server.project("acme", "alpha").await;
        server
    }

    pub(crate) async fn organization(&self, slug: &str, domain: &str) -> Value {
        let body = serde_json::json!({"slug": slug, "title": slug, "layout": "path", "domain": domain,
            "path_prefix": "/docs"});
        let answer = self.post("/v2/orgs").admin().json(&body).await;
        answer.expect(StatusCode::CREATED).json()
    }

    pub(crate) async fn project(&self, org: &str, slug: &str) -> Value {
        let body = serde_json::json!({"slug": slug, "title": slug, "source_repo_url": "https://github.com/example/x"});
        let path = format!("/v2/orgs/{org}/projects");
        let answer = self.post(&path).admin().json(&body).await;
        answer.expect(StatusCode::CREATED).json()
    }

    /// A token of a member, good for some products or for all.
    pub(crate) fn member(&self, secret: &str, org: &str, role: Role, products: Products) {
        let rights = Rights {
            permissions: Permissions::NONE,
            memberships: Memberships::of(samples::parsed(org), role),
        };
        let token = Token {
            rights,
            products,
            ..samples::token(&hex::encode(Sha256::digest(secret)), "somebody")
        };
        self.world.catalog.seed(vec![Change::CreateToken(token)]);
    }

    /// Registers a build of `alpha` and answers with its resource.
    pub(crate) async fn build(&self, git_refs: &[&str]) -> Value {
        let body = serde_json::json!({ "git_refs": git_refs });
        self.post("/products/alpha/builds/")
            .admin()
            .json(&body)
            .await
            .expect(StatusCode::CREATED)
            .json()
    }

    /// Registers and confirms a build of `alpha` and answers with its number.
    pub(crate) async fn uploaded(&self, git_refs: &[&str]) -> u64 {
        let id = number(&self.build(git_refs).await["self_url"]);
        let body = serde_json::json!({"uploaded": true});
        self.patch(&format!("/builds/{id}"))
            .admin()
            .json(&body)
            .await
            .expect(StatusCode::OK);
        id
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }
    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.call("POST", path)
    }
    pub(crate) fn patch(&self, path: &str) -> Call<'_> {
        self.call("PATCH", path)
    }
    pub(crate) fn put(&self, path: &str) -> Call<'_> {
        self.call("PUT", path)
    }
    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call("DELETE", path)
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST);
        Call {
            server: self,
            request,
        }
    }
}

/// The path of a URL of this server.
#[track_caller]
pub(crate) fn path_of(url: &Value) -> String {
    let url = url.as_str().unwrap();
    url.strip_prefix(&format!("https://{HOST}")).unwrap().to_owned()
}

/// The number at the end of a URL.
pub(crate) fn number(url: &Value) -> u64 {
    url.as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

pub(crate) struct Call<'a> {
    server: &'a Server,
    request: http::request::Builder,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &basic(token, ""))
    }

    pub(crate) fn admin(self) -> Self {
        self.token(ADMIN)
    }

    pub(crate) async fn json(self, body: &Value) -> Answer {
        self.header("content-type", "application/json")
            .raw(body.to_string())
            .await
    }

    pub(crate) async fn raw(self, body: impl Into<Body>) -> Answer {
        let request = self.request.body(body.into()).unwrap();
        Answer::of(self.server.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn send(self) -> Answer {
        self.raw(Body::empty()).await
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Self {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that this is an error in the contract's form.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, error: &str, message: &str) {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        assert_eq!(
            self.json(),
            serde_json::json!({"status": status, "error": error, "message": message})
        );
    }

    /// Checks that this is a 400 whose message contains a text.
    #[track_caller]
    pub(crate) fn bad(&self, part: &str) {
        assert_eq!(self.status, 400, "{}", String::from_utf8_lossy(&self.bytes));
        let body = self.json();
        assert_eq!(
            (&body["status"], &body["error"]),
            (&400.into(), &"bad request".into())
        );
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(part), "{message:?} does not contain {part:?}");
    }
}
