//! The release registry over HTTP. A test's name begins with the requirement that it shows.

mod cases;
