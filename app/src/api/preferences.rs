//! What a visitor chooses for the looks.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::problem::Failure;

/// Light, dark, or as the device has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the device has it.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// As the cookie and `data-theme` spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What the cookie says; anything else is the device's choice.
    pub fn from_cookie(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }
}

/// Keeps an appearance. Without JavaScript it leads back to the page it came from.
#[server(prefix = "/do", endpoint = "theme")]
pub async fn set_theme(theme: Theme) -> Result<(), Failure> {
    crate::flash::set_cookie(&crate::session::theme_cookie(theme.as_str(), crate::session::secure()));
    Ok(())
}
