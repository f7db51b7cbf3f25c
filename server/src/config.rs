//! Configuration from the environment (design, section 8). Every variable has a default that is good for a first run;
//! a wrong value stops the start with one line that names the variable.

use std::{
    fs,
    io::{self, Write},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;
use store::Rng;

/// Reads one variable; empty counts as unset. Handed in, so that tests need no process-wide environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why the server can't start with this environment: the variable and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong with its value.
    pub reason: String,
}

fn wrong(variable: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError { variable, reason: reason.into() }
}

/// Where contents, covers and previews are kept (`FILES_BASE_URL`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesLocation {
    /// `file:` and a folder.
    Folder(PathBuf),
    /// `s3:` and a bucket, with a prefix that may be empty. Address and keys come from the usual `AWS_…` variables.
    Bucket {
        /// The bucket's name.
        bucket: String,
        /// The prefix of every key, without slashes at its ends.
        prefix: String,
    },
}

/// All that the server is told from outside. Secrets are in it: it has no `Debug`.
#[derive(Clone)]
pub struct Config {
    /// `DATA_DIR`: the database, the files and the generated secrets.
    pub data_dir: PathBuf,
    /// `DEBUG`: more talkative logs.
    pub debug: bool,
    /// `LISTEN_ADDR`.
    pub listen: SocketAddr,
    /// `PUBLIC_URL`: the address people reach the store at, without a slash at its end.
    pub public_url: String,
    /// `DATABASE_URL`.
    pub database_url: String,
    /// `REDIS_URL`: live notifications and the request limit shared by several servers.
    pub redis_url: Option<String>,
    /// `FILES_BASE_URL`.
    pub files: FilesLocation,
    /// `SECRET_KEY`.
    pub secret_key: String,
    /// `CLOUDFLARE_WORKER_SECRET`: what link tickets are signed with.
    pub link_secret: String,
    /// `CLOUDFLARE_WORKER_SECRET_PREVIOUS`: the one before the last rotation.
    pub previous_link_secret: Option<String>,
    /// `CLOUDFLARE_WORKER_URL`, when `CLOUDFLARE_WORKER_ENABLED`.
    pub worker_url: Option<String>,
    /// How long the Worker may take over an answer: two seconds, for somebody who pressed Download waits for it.
    pub worker_patience: Duration,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `RATE_LIMIT_PER_MINUTE`: requests an address may make a minute; 0 is off.
    pub rate_limit: u32,
    /// `SITE_ROOT`, or cargo-leptos' own `LEPTOS_SITE_ROOT`: the folder of the built web app. Found by itself beside the program
    /// and in `target/site`.
    pub site_root: PathBuf,
}

/// Shorter secrets can be guessed.
const MIN_SECRET: usize = 32;

impl Config {
    /// Reads the configuration; generates the secrets that are not given and keeps them in the data folder (mode 0600).
    pub fn load(environment: Environment<'_>, rng: &dyn Rng) -> Result<Self, ConfigError> {
        let read = |name: &str| environment(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let data_dir = PathBuf::from(read("DATA_DIR").unwrap_or_else(|| "data".to_owned()));
        fs::create_dir_all(&data_dir)
            .map_err(|error| wrong("DATA_DIR", format!("can't make the folder {}: {error}", data_dir.display())))?;
        let listen = read("LISTEN_ADDR").map_or(Ok(SocketAddr::from(([127, 0, 0, 1], 3000))), |value| listen_address(&value))?;
        let database_url = match read("DATABASE_URL") {
            Some(value) => database_url(value)?,
            None => format!("sqlite://{}", data_dir.join("khazna.db").display()),
        };
        let worker_enabled = flag(&read, "CLOUDFLARE_WORKER_ENABLED")?;
        let worker_url = read("CLOUDFLARE_WORKER_URL").map(|value| web_address("CLOUDFLARE_WORKER_URL", &value)).transpose()?;
        if worker_enabled && worker_url.is_none() {
            return Err(wrong("CLOUDFLARE_WORKER_URL", "is needed because CLOUDFLARE_WORKER_ENABLED is true"));
        }
        Ok(Self {
            debug: flag(&read, "DEBUG")?,
            public_url: match read("PUBLIC_URL") {
                Some(value) => web_address("PUBLIC_URL", &value)?,
                None => default_public_url(listen),
            },
            redis_url: read("REDIS_URL").map(redis_url).transpose()?,
            files: match read("FILES_BASE_URL") {
                Some(value) => files_location(&value)?,
                None => FilesLocation::Folder(data_dir.join("files")),
            },
            secret_key: secret("SECRET_KEY", read("SECRET_KEY"), &data_dir.join("secret_key"), rng)?,
            link_secret: secret("CLOUDFLARE_WORKER_SECRET", read("CLOUDFLARE_WORKER_SECRET"), &data_dir.join("worker_secret"), rng)?,
            previous_link_secret: read("CLOUDFLARE_WORKER_SECRET_PREVIOUS").map(previous_secret).transpose()?,
            worker_url: worker_url.filter(|_| worker_enabled),
            worker_patience: Duration::from_secs(2),
            trusted_proxies: networks(&read("TRUSTED_PROXIES").unwrap_or_default())?,
            rate_limit: read("RATE_LIMIT_PER_MINUTE").map_or(Ok(600), |value| {
                value.parse().map_err(|_| wrong("RATE_LIMIT_PER_MINUTE", format!("'{value}' is no whole number (0 is off)")))
            })?,
            site_root: read("SITE_ROOT").or_else(|| read("LEPTOS_SITE_ROOT")).map_or_else(find_site_root, PathBuf::from),
            data_dir,
            listen,
            database_url,
        })
    }

    /// Whether people come by https: cookies are then `Secure` and answers carry HSTS.
    pub fn https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

fn listen_address(value: &str) -> Result<SocketAddr, ConfigError> {
    value.parse().map_err(|_| wrong("LISTEN_ADDR", format!("'{value}' is no address and port such as 127.0.0.1:3000 or [::]:3000")))
}

/// `localhost` rather than a bare address where the server listens everywhere: it can be opened as it is printed.
fn default_public_url(listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() { format!("http://localhost:{}", listen.port()) } else { format!("http://{listen}") }
}

fn web_address(variable: &'static str, value: &str) -> Result<String, ConfigError> {
    let parsed: Option<http::Uri> = value.parse().ok();
    let plain = parsed.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            && uri.path() == "/"
            && uri.query().is_none()
    });
    if plain {
        Ok(value.trim_end_matches('/').to_owned())
    } else {
        Err(wrong(variable, format!("'{value}' is no address such as https://shop.example")))
    }
}

fn database_url(value: String) -> Result<String, ConfigError> {
    if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| value.starts_with(scheme)) {
        return Ok(value);
    }
    // The value is not repeated: it may hold a password.
    Err(wrong("DATABASE_URL", "must begin with sqlite: or postgres://"))
}

fn redis_url(value: String) -> Result<String, ConfigError> {
    match redis::Client::open(value.as_str()) {
        Ok(_) => Ok(value),
        Err(_) => Err(wrong("REDIS_URL", "is no address such as redis://127.0.0.1:6379")),
    }
}

fn files_location(value: &str) -> Result<FilesLocation, ConfigError> {
    if let Some(folder) = value.strip_prefix("file:") {
        // file:///srv/files, file:/srv/files and file:files are all meant as they look.
        let folder = folder.strip_prefix("//").unwrap_or(folder);
        if !folder.is_empty() {
            return Ok(FilesLocation::Folder(PathBuf::from(folder)));
        }
    }
    if let Some(bucket) = value.strip_prefix("s3:") {
        let bucket = bucket.trim_start_matches('/');
        let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
        if !bucket.is_empty() {
            return Ok(FilesLocation::Bucket { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() });
        }
    }
    Err(wrong("FILES_BASE_URL", format!("'{value}' is neither file:FOLDER nor s3:BUCKET")))
}

fn networks(value: &str) -> Result<Vec<IpNet>, ConfigError> {
    value
        .split([',', ' '])
        .filter(|item| !item.is_empty())
        .map(|item| {
            item.parse::<IpNet>()
                .or_else(|_| item.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| wrong("TRUSTED_PROXIES", format!("'{item}' is no address or network such as 10.0.0.0/8")))
        })
        .collect()
}

fn flag(read: &dyn Fn(&str) -> Option<String>, variable: &'static str) -> Result<bool, ConfigError> {
    match read(variable).map(|value| value.to_ascii_lowercase()).as_deref() {
        None | Some("0" | "false" | "no" | "off") => Ok(false),
        Some("1" | "true" | "yes" | "on") => Ok(true),
        Some(other) => Err(wrong(variable, format!("'{other}' is neither true nor false"))),
    }
}

/// The secret that was given, or the one in `path`, which is generated the first time.
fn secret(variable: &'static str, given: Option<String>, path: &Path, rng: &dyn Rng) -> Result<String, ConfigError> {
    let (secret, place) = match given {
        Some(secret) => (secret, None),
        None => {
            (kept_secret(path, rng).map_err(|error| wrong(variable, format!("can't be kept in {}: {error}", path.display())))?, Some(path))
        }
    };
    if secret.len() >= MIN_SECRET {
        return Ok(secret);
    }
    let place = place.map(|path| format!(" (from {})", path.display())).unwrap_or_default();
    Err(wrong(variable, format!("has fewer than {MIN_SECRET} characters{place}")))
}

fn previous_secret(secret: String) -> Result<String, ConfigError> {
    if secret.len() >= MIN_SECRET {
        return Ok(secret);
    }
    Err(wrong("CLOUDFLARE_WORKER_SECRET_PREVIOUS", format!("has fewer than {MIN_SECRET} characters")))
}

fn kept_secret(path: &Path, rng: &dyn Rng) -> io::Result<String> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => {
            let mut random = [0; 32];
            rng.fill(&mut random);
            let secret = crate::system::hex(&random);
            file.write_all(secret.as_bytes())?;
            file.sync_all()?;
            Ok(secret)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(fs::read_to_string(path)?.trim().to_owned()),
        Err(error) => Err(error),
    }
}

/// Beside the program (a release), or where `script/build` leaves it.
fn find_site_root() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join("site"))).filter(|path| path.is_dir());
    beside.unwrap_or_else(|| PathBuf::from("target/site"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    struct Counting;
    impl Rng for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (byte, number) in bytes.iter_mut().zip(0..) {
                *byte = number;
            }
        }
    }

    fn load(folder: &Path, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut values: HashMap<String, String> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        values.entry("DATA_DIR".to_owned()).or_insert_with(|| folder.join("data").display().to_string());
        Config::load(&|name| values.get(name).cloned(), &Counting)
    }

    #[test]
    fn first_run_needs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let config = load(folder.path(), &[("REDIS_URL", " ")]).unwrap();
        assert_eq!(config.public_url, "http://127.0.0.1:3000");
        assert_eq!(config.files, FilesLocation::Folder(folder.path().join("data/files")));
        assert!(config.database_url.ends_with("data/khazna.db"));
        assert_eq!((config.rate_limit, config.debug, config.worker_url, config.redis_url), (600, false, None, None));
        assert_eq!(config.secret_key.len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join("data/secret_key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // Kept: the second start has the same.
        fs::write(folder.path().join("data/secret_key"), "k".repeat(40)).unwrap();
        assert_eq!(load(folder.path(), &[]).unwrap().secret_key, "k".repeat(40));
    }

    #[test]
    fn wrong_values_name_their_variable() {
        let folder = tempfile::tempdir().unwrap();
        for (variable, value) in [
            ("LISTEN_ADDR", "3000"),
            ("PUBLIC_URL", "shop.example"),
            ("PUBLIC_URL", "https://shop.example/path"),
            ("DATABASE_URL", "mysql://localhost"),
            ("REDIS_URL", "http://localhost"),
            ("FILES_BASE_URL", "/srv/files"),
            ("FILES_BASE_URL", "s3:"),
            ("SECRET_KEY", "short"),
            ("CLOUDFLARE_WORKER_SECRET", "short"),
            ("CLOUDFLARE_WORKER_SECRET_PREVIOUS", "short"),
            ("CLOUDFLARE_WORKER_ENABLED", "maybe"),
            ("CLOUDFLARE_WORKER_URL", "worker"),
            ("DEBUG", "2"),
            ("TRUSTED_PROXIES", "10.0.0.0/99"),
            ("RATE_LIMIT_PER_MINUTE", "-1"),
        ] {
            let error = load(folder.path(), &[(variable, value)]).err().unwrap_or_else(|| panic!("{variable}={value} was taken"));
            assert_eq!(error.variable, variable);
            assert!(error.to_string().starts_with(&format!("{variable}: ")) && !error.to_string().contains('\n'));
        }
        let error = load(folder.path(), &[("CLOUDFLARE_WORKER_ENABLED", "true")]).err().unwrap();
        assert_eq!(error.variable, "CLOUDFLARE_WORKER_URL");
    }

    #[test]
    fn reads_places_and_networks() {
        let folder = tempfile::tempdir().unwrap();
        let config = load(
            folder.path(),
            &[
                ("FILES_BASE_URL", "s3://shop/files/"),
                ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::1"),
                ("LISTEN_ADDR", "0.0.0.0:80"),
                ("CLOUDFLARE_WORKER_URL", "https://dl.example/"),
            ],
        )
        .unwrap();
        assert_eq!(config.files, FilesLocation::Bucket { bucket: "shop".to_owned(), prefix: "files".to_owned() });
        assert_eq!(config.trusted_proxies.len(), 3);
        assert_eq!(config.public_url, "http://localhost:80");
        assert_eq!(config.worker_url, None, "a Worker that is not enabled is not used");
        assert_eq!(
            load(folder.path(), &[("FILES_BASE_URL", "file:///srv/x")]).unwrap().files,
            FilesLocation::Folder(PathBuf::from("/srv/x"))
        );
    }
}
