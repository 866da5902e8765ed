//! Two functions of the C library that this process has of its own.
//!
//! The engine calls `hypot` and `hypotf`. A program linked against glibc 2.35 or later asks for the versions that came with
//! 2.35, and then does not start on Amazon Linux 2023, which has 2.34. With the two defined here the program asks for
//! neither.

/// The length of the hypotenuse of a right triangle.
#[expect(
    unsafe_code,
    reason = "the name is the C library's: that the engine finds this one is the purpose"
)]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn hypot(x: f64, y: f64) -> f64 {
    libm::hypot(x, y)
}

/// The length of the hypotenuse of a right triangle.
#[expect(
    unsafe_code,
    reason = "the name is the C library's: that the engine finds this one is the purpose"
)]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn hypotf(x: f32, y: f32) -> f32 {
    libm::hypotf(x, y)
}
