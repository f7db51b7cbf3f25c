//! `khazna demo`: a store that can be tried at once. Its files are in the program.

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use shared::api::Role;
use store::{Rng, Store, catalog, codes, staff, subscriptions};

use super::{
    Failure,
    import::{Source, import},
    say,
};
use crate::system::{OsRng, random};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/demo");
const PACKAGES: &str = include_str!("demo_packages.csv");
const ADMINISTRATOR: &str = "admin";
/// Values of the printed codes, and how many there are of each.
const CODES: [(i64, i64); 3] = [(100, 3), (500, 3), (1000, 2)];

#[derive(Deserialize)]
struct Package {
    name: String,
    description: String,
    price: i64,
    days: i64,
    files: i64,
}

/// Fills the store, which must be empty; with `if_empty` one that is not is left as it is.
pub(super) async fn fill(store: &Store, if_empty: bool) -> Result<(), Failure> {
    if !catalog::is_empty(store).await? {
        if if_empty {
            return Ok(());
        }
        return Err(Failure::Other("the store is not empty: the demo is for a new one".to_owned()));
    }
    let manifest = FILES.get_file("manifest.csv").ok_or_else(|| Failure::Other("this program was built without demo files".to_owned()))?;
    import(store, &Source::Program(&FILES), manifest.contents()).await?;
    for package in csv::Reader::from_reader(PACKAGES.as_bytes()).deserialize::<Package>() {
        let Package { name, description, price, days, files } = package.map_err(|error| Failure::Other(error.to_string()))?;
        subscriptions::add(store, &subscriptions::NewPackage { name, description, price, days, files, categories: Vec::new() }).await?;
    }
    let password = password(&OsRng);
    staff::create(store, ADMINISTRATOR, &password, Role::Owner).await?;
    say("Shown this once:")?;
    say(&format!("  administrator: {ADMINISTRATOR}"))?;
    say(&format!("  password:      {password}"))?;
    for (value, count) in CODES {
        let batch = codes::NewBatch { value, count, label: format!("demo {value}"), reseller: String::new(), expires_at: None };
        let made = codes::generate(store, &batch, &codes::Maker::Operator).await?;
        for code in made.codes {
            say(&format!("  recharge code of {value:>4} coins: {code}"))?;
        }
    }
    Ok(())
}

/// 20 characters of 32 that no one mistakes for another: 100 bits.
fn password(rng: &dyn Rng) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    random::<20>(rng).iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}
