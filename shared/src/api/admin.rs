//! What the staff's calls take and answer, under `/api/v1/admin/` and in the dashboard, and who may make them.

mod codes;
mod files;
mod logs;
mod packages;
mod people;
mod permission;
mod settings;
mod staff;
mod statistics;

pub use codes::*;
pub use files::*;
pub use logs::*;
pub use packages::*;
pub use people::*;
pub use permission::Permission;
pub use settings::*;
pub use staff::*;
pub use statistics::*;
