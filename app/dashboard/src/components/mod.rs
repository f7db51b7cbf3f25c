//! What the dashboard's pages are made of, beside the shop's own components.

mod chart;
mod field;
mod layout;
mod list;
mod uploader;

pub use app::components::Pager;
pub use chart::{Chart, Series, Share, Tile, day_label};
pub use field::{Area, Choice, Kind, TextField};
pub use layout::{Layout, Refused, parts};
pub use list::{Ask, Fact, Filters, Refusal, SessionLine, Status, Tone};
pub use uploader::Uploader;
