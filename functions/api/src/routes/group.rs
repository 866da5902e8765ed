//! The operations of one path, each named once: how they are answered, and how they are described.
//!
//! The deployed API serves a description that was written before, so its program has none of the code that makes one. That
//! is why a list of operations is read for one thing or for the other.

use axum::handler::Handler;
use axum::routing::MethodRouter;
use utoipa_axum::PathItemExt as _;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::Service;

/// What a list of operations is read for.
pub(crate) trait Group {
    /// Asks for one of the two. The other closure is never called, so nothing in it is compiled.
    fn of(served: impl FnOnce() -> Served, described: impl FnOnce() -> UtoipaMethodRouter<Service>) -> Self;
}

/// How the operations of a path are answered.
#[derive(Default)]
pub(crate) struct Served {
    /// As it is described.
    pub(super) path: String,
    /// The handlers by method.
    pub(super) methods: MethodRouter<Service>,
}

impl Served {
    /// Adds an operation, which says its path and its method.
    pub(super) fn and<O, H, T>(self, handler: H) -> Self
    where
        O: utoipa::Path,
        H: Handler<T, Service>,
        T: 'static,
    {
        let methods = O::methods().into_iter().fold(self.methods, |router, method| {
            router.on(method.to_method_filter(), handler.clone())
        });
        Self {
            path: O::path(),
            methods,
        }
    }
}

impl Group for Served {
    fn of(served: impl FnOnce() -> Served, _described: impl FnOnce() -> UtoipaMethodRouter<Service>) -> Self {
        served()
    }
}

/// How the operations of a path are described.
pub(crate) struct Described(pub(super) UtoipaMethodRouter<Service>);

impl Group for Described {
    fn of(_served: impl FnOnce() -> Served, described: impl FnOnce() -> UtoipaMethodRouter<Service>) -> Self {
        Self(described())
    }
}

/// The operations of one path, by the handlers that document them: `group!(products::list, products::create)`.
macro_rules! group {
    ($($($part:ident)::+),+ $(,)?) => {
        $crate::routes::group::Group::of(
            || $crate::routes::group::Served::default()
                $(.and::<$crate::routes::group::operation!($($part)::+), _, _>($($part)::+))+,
            || utoipa_axum::routes!($($($part)::+),+),
        )
    };
}

/// What a handler's attribute made of its documentation.
macro_rules! operation {
    ($module:ident::$handler:ident) => {
        utoipa_axum::paste! { $module::[<__path_ $handler>] }
    };
    ($api:ident::$module:ident::$handler:ident) => {
        utoipa_axum::paste! { $api::$module::[<__path_ $handler>] }
    };
}

pub(super) use {group, operation};
