//! Hashes of PINs and passwords: argon2id (RFC 9106), never more at once than there are processors.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{Result, error::damaged};

pub(crate) struct Secrets {
    processors: Arc<Semaphore>,
    argon2: Argon2<'static>,
    /// The hash that is tried where there is no account, so that the answer takes the same time: of nothing that is known.
    nobody: String,
}

impl Secrets {
    pub(crate) fn new(memory: u32) -> Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, 2, 1, None).map_err(damaged)?);
        // Written, not computed: the memory of a first hash would stay with a store that nobody has signed in to yet.
        let (salt, output) = ("A".repeat(22), "A".repeat(43));
        let nobody = format!("$argon2id$v=19$m={memory},t=2,p=1${salt}${output}");
        Ok(Self { processors: Arc::new(Semaphore::new(processors)), argon2, nobody })
    }

    pub(crate) async fn hash(&self, secret: &str, salt: [u8; 16]) -> Result<String> {
        let (argon2, secret) = (self.argon2.clone(), secret.to_owned());
        self.on_a_processor(move || hash(&argon2, &secret, &salt)).await
    }

    /// Whether `secret` is the hashed one; `None` costs the same time and is false.
    pub(crate) async fn verify(&self, secret: &str, hashed: Option<String>) -> Result<bool> {
        let known = hashed.is_some();
        let (secret, hashed) = (secret.to_owned(), hashed.unwrap_or_else(|| self.nobody.clone()));
        self.on_a_processor(move || {
            let parsed = PasswordHash::new(&hashed).map_err(damaged)?;
            Ok(Argon2::default().verify_password(secret.as_bytes(), &parsed).is_ok() && known)
        })
        .await
    }

    async fn on_a_processor<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let permit = self.processors.clone().acquire_owned().await.map_err(damaged)?;
        spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(damaged)?
    }
}

fn hash(argon2: &Argon2<'_>, secret: &str, salt: &[u8; 16]) -> Result<String> {
    let hashed: PasswordHash = argon2.hash_password_with_salt(secret.as_bytes(), salt).map_err(damaged)?;
    Ok(hashed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_costs_what_anybody_costs_and_is_let_in_with_nothing() {
        let secrets = Secrets::new(64).unwrap();
        let anybody = secrets.hash("1234", [7; 16]).await.unwrap();
        let costs = |hash: &str| hash.split('$').map(str::to_owned).take(4).collect::<Vec<_>>();
        assert_eq!(costs(&secrets.nobody), costs(&anybody));
        assert_eq!(secrets.nobody.len(), anybody.len());
        assert!(PasswordHash::new(&secrets.nobody).is_ok());
        assert!(secrets.verify("1234", Some(anybody)).await.unwrap());
        assert!(!secrets.verify("1234", None).await.unwrap());
        assert!(!secrets.verify("", Some(secrets.nobody.clone())).await.unwrap());
    }
}
