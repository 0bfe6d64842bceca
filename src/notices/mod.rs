//! What people are told outside GitHub, on its way to the addresses that whoever runs the service gave.
//!
//! One notice, one request. Whether it is sent again is the caller's decision, by what [`NotSent`] says. Where
//! it goes is never a repository's to say; redirects are not followed, and no error shows an address.

mod error;
mod form;
mod notice;
mod receiver;

pub use error::NotSent;
pub use notice::Notice;
pub use receiver::{Receiver, Receivers};
