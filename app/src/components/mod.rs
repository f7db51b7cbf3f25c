//! What pages are made of: small components named for what a person sees.

mod card;
mod code;
mod coins;
mod field;
mod form;
mod icon;
mod layout;
mod purchase;
mod ring;
mod states;
mod time;

pub use card::{FileGrid, cover};
pub use code::{CopyButton, Secret};
pub use coins::{Coins, Number};
pub use field::{Field, FieldError, Input, RechargeField, described_by};
pub use form::{Form, Outcome, PostForm, Problems, Said, label};
#[cfg(feature = "ssr")]
pub use icon::SPRITE;
pub use icon::{Icon, Star};
pub use layout::{Layout, Preferences};
pub use purchase::Downloads;
pub use ring::{Dots, Ring};
pub use states::{Empty, Failed, Heading, Pager, Skeleton, lines, status};
pub use time::{Ago, Day, Remaining};
