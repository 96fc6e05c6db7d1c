//! Owns password hashing (argon2id) and the few rules for a good password. Hashing is costly on purpose, so it runs in
//! a bounded pool; a sign-in takes the same time whether its account exists or not.

use super::{places::Places, rate::network_of, secrets::constant_time_eq};
use crate::model::Error;
use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash::phc};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use std::{
    borrow::Cow,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// A longer password is refused when it is set; any shorter one is kept whole.
pub const MAX_PASSWORD_BYTES: usize = 256;

/// As many callers may wait for a free hasher; the next is told to come back.
const MAX_WAITING: usize = 64;
/// As many of them may come from one address: nobody takes all places. An address of this machine stands for its operator.
const MAX_OF_ADDRESS: usize = 32;

// OWASP's second recommendation: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const RESULT_BYTES: usize = 32;

/// Why there is no answer about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    #[error("too many passwords are being hashed")]
    Busy,
    #[error("the password could not be hashed")]
    Failed,
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::busy(),
            HashError::Failed => {
                tracing::error!(cause = %error, "hashing failed");
                Self::internal()
            }
        }
    }
}

/// An argon2id hash with its salt and cost, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// For the store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for PasswordHash {
    /// From the store.
    fn from(phc: String) -> Self {
        Self(phc)
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The pool of hashers. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    hashers: Arc<Semaphore>,
    /// One place for everyone who hashes or waits.
    places: Arc<Semaphore>,
    places_of: Arc<Places<IpAddr>>,
    params: Params,
    memory: Arc<Memory>,
    /// Stands for the hash of an unknown account: the same cost, and no password fits.
    nobody: PasswordHash,
}

impl Passwords {
    /// A pool in which `hashers` passwords are hashed at a time, at least one. Each takes 19 MiB while it works.
    pub fn new(hashers: usize) -> Self {
        let hashers = hashers.max(1);
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the cost is within argon2's bounds");
        let places = Arc::new(Semaphore::new(hashers + MAX_WAITING));
        Self {
            hashers: Arc::new(Semaphore::new(hashers)),
            places,
            places_of: Arc::new(Places::new(MAX_OF_ADDRESS)),
            params,
            memory: Arc::default(),
            nobody: hash_of_nobody(),
        }
    }

    /// Hashes a new password with a fresh salt. `from` is where it was typed; `None` for the operator.
    pub async fn hash(&self, password: &str, from: Option<IpAddr>) -> Result<PasswordHash, HashError> {
        let (password, params, memory) = (password.to_owned(), self.params.clone(), Arc::clone(&self.memory));
        self.run(from, move || {
            let salt = rand::random::<[u8; 16]>();
            let result = memory.hash(params, password.as_bytes(), &salt)?;
            Some(phc_string(&salt, &result))
        })
        .await
    }

    /// Is this the password? `None` stands for an account that does not exist or has no password: always false, after
    /// the same work.
    pub async fn verify(
        &self,
        password: &str,
        hash: Option<&PasswordHash>,
        from: Option<IpAddr>,
    ) -> Result<bool, HashError> {
        let (password, memory) = (password.to_owned(), Arc::clone(&self.memory));
        let exists = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).clone();
        let fits = self.run(from, move || {
            let hash = phc::PasswordHash::new(&hash.0).ok()?;
            let (salt, expected) = (hash.salt?, hash.hash?);
            let result = memory.hash(Params::try_from(&hash).ok()?, password.as_bytes(), salt.as_ref())?;
            let expected: [u8; RESULT_BYTES] = expected.as_ref().try_into().ok()?;
            Some(constant_time_eq(&result, &expected))
        });
        Ok(fits.await? && exists)
    }

    async fn run<T: Send + 'static>(
        &self,
        from: Option<IpAddr>,
        job: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<T, HashError> {
        let own_place = OwnPlace::take(&self.places_of, from)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| HashError::Busy)?;
        let hasher = Arc::clone(&self.hashers).acquire_owned().await.map_err(|_| HashError::Failed)?;
        // Both go along: a hash whose caller has left still costs.
        let job = tokio::task::spawn_blocking(move || {
            let _held = (own_place, place, hasher);
            job()
        });
        job.await.ok().flatten().ok_or(HashError::Failed)
    }
}

/// One of an address's places, given back when dropped.
struct OwnPlace {
    places: Arc<Places<IpAddr>>,
    network: Option<IpAddr>,
}

impl OwnPlace {
    fn take(places: &Arc<Places<IpAddr>>, from: Option<IpAddr>) -> Result<Self, HashError> {
        let network = from.filter(|address| !address.is_loopback()).map(network_of);
        match network.is_none_or(|network| places.take(network)) {
            true => Ok(Self { places: Arc::clone(places), network }),
            false => Err(HashError::Busy),
        }
    }
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        if let Some(network) = &self.network {
            self.places.give_back(network);
        }
    }
}

/// The memory that hashing works in, kept from one hash to the next: freed and taken again, it would stay with the process
/// once for every thread that ever hashed.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn hash(&self, params: Params, password: &[u8], salt: &[u8]) -> Option<[u8; RESULT_BYTES]> {
        let block_count = params.block_count();
        let mut blocks = self.free().pop().unwrap_or_default();
        blocks.resize(block_count, Block::default());
        let mut result = [0; RESULT_BYTES];
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hashed = hasher.hash_password_into_with_memory(password, salt, &mut result, &mut blocks);
        self.free().push(blocks);
        hashed.ok().map(|()| result)
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hash that was never computed, so that the start need not wait for one: random bits where the result would be.
fn hash_of_nobody() -> PasswordHash {
    phc_string(&rand::random(), &rand::random())
}

fn phc_string(salt: &[u8; 16], result: &[u8; RESULT_BYTES]) -> PasswordHash {
    let (salt, result) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(result));
    PasswordHash(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${result}"))
}

/// May this be an account's password? `account_words` are its username, e-mail address and names. The error is the
/// reason, fit to be shown.
pub fn check_password(password: &str, account_words: &[&str], min_chars: usize) -> Result<(), Cow<'static, str>> {
    if password.chars().count() < min_chars {
        return Err(format!("Use at least {min_chars} characters.").into());
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(format!("Use at most {MAX_PASSWORD_BYTES} bytes.").into());
    }
    let folded = password.to_lowercase();
    let is_word = |word: &&str| {
        let word = word.to_lowercase();
        let local_part = word.split('@').next().unwrap_or_default();
        !folded.is_empty() && (folded == word || folded == local_part)
    };
    if account_words.iter().any(is_word) {
        return Err("Do not use your name or e-mail address as your password.".into());
    }
    let mut chars = folded.chars();
    let is_one_char = chars.next().is_some_and(|first| chars.all(|c| c == first));
    if is_one_char || COMMON.contains(&folded.as_str()) {
        return Err("This password is among the first that anyone would try. Choose another.".into());
    }
    Ok(())
}

/// The commonest passwords of eight characters and more, in lower case.
const COMMON: [&str; 72] = [
    "01234567",
    "0123456789",
    "0987654321",
    "1111111111",
    "11223344",
    "12121212",
    "12341234",
    "123123123",
    "12345678",
    "123456789",
    "1234567890",
    "12345678910",
    "123456789a",
    "1234qwer",
    "123qweasd",
    "147258369",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "1qazxsw2",
    "87654321",
    "987654321",
    "9876543210",
    "a1234567",
    "a12345678",
    "a123456789",
    "aa123456",
    "abc12345",
    "abcd1234",
    "abcdefgh",
    "administrator",
    "admin123",
    "admin1234",
    "asdf1234",
    "asdfasdf",
    "asdfghjk",
    "asdfghjkl",
    "baseball",
    "changeme",
    "charlie1",
    "computer",
    "football",
    "football1",
    "iloveyou",
    "iloveyou1",
    "internet",
    "letmein1",
    "letmein123",
    "liverpool",
    "michael1",
    "mustang1",
    "p@ssw0rd",
    "p@ssword",
    "pass1234",
    "passw0rd",
    "password",
    "password1",
    "password12",
    "password123",
    "password1234",
    "princess",
    "princess1",
    "q1w2e3r4",
    "qwer1234",
    "qwerty12",
    "qwerty123",
    "qwertyui",
    "qwertyuiop",
    "starwars",
    "sunshine",
    "superman",
    "trustno1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_alone_fits() {
        let passwords = Passwords::new(2);
        let long = "x".repeat(64);
        let hash = passwords.hash(&long, None).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify(&long, Some(&hash), None).await.unwrap());
        assert!(!passwords.verify(&long[..63], Some(&hash), None).await.unwrap(), "kept whole");
        assert!(!passwords.verify("", Some(&hash), None).await.unwrap());
        assert_ne!(passwords.hash(&long, None).await.unwrap(), hash, "salted");
        assert!(!format!("{hash:?}").contains('$'));
    }

    #[tokio::test]
    async fn an_unknown_account_costs_the_same_and_has_no_password() {
        let passwords = Passwords::new(1);
        assert_eq!(passwords.verify("", None, None).await, Ok(false));
        let real = passwords.hash("a real password", None).await.unwrap();
        let (real, nobody) = (
            phc::PasswordHash::new(real.as_str()).unwrap(),
            phc::PasswordHash::new(passwords.nobody.as_str()).unwrap(),
        );
        assert_eq!((real.algorithm, real.version, &real.params), (nobody.algorithm, nobody.version, &nobody.params));
        assert_eq!(real.hash.unwrap().len(), nobody.hash.unwrap().len());
        assert_eq!(real.salt.unwrap().len(), nobody.salt.unwrap().len());
    }

    #[tokio::test]
    async fn a_broken_record_is_a_fault_and_not_a_wrong_password() {
        let broken = PasswordHash::from("not a hash".to_owned());
        assert_eq!(Passwords::new(1).verify("a password", Some(&broken), None).await, Err(HashError::Failed));
    }

    #[tokio::test]
    async fn a_long_queue_is_refused() {
        let passwords = Passwords::new(1);
        let taken = Arc::clone(&passwords.places).acquire_many_owned(1 + MAX_WAITING as u32).await.unwrap();
        assert_eq!(passwords.verify("anything", None, None).await, Err(HashError::Busy));
        drop(taken);
        assert_eq!(passwords.verify("anything", None, None).await, Ok(false));
    }

    #[test]
    fn bad_passwords_are_told_why() {
        let account = ["Anna.Berg", "anna.berg@salon.example"];
        let table = [
            ("short77", "at least 8"),
            ("яяяя", "at least 8"),
            ("Password", "first that anyone"),
            ("qwertyuiop", "first that anyone"),
            ("zzzzzzzzz", "first that anyone"),
            ("anna.berg", "name or e-mail"),
            ("Anna.Berg@Salon.Example", "name or e-mail"),
        ];
        for (password, reason) in table {
            let refused = check_password(password, &account, 8).unwrap_err();
            assert!(refused.contains(reason), "{password}: {refused}");
        }
        assert!(check_password(&"ab".repeat(129), &account, 8).unwrap_err().contains("at most 256"));
        for good in ["four wheels and a roof", "пароль-гаража", &"long".repeat(64), "x7!kQ2#p"] {
            assert_eq!(check_password(good, &account, 8), Ok(()), "{good}");
        }
        assert_eq!(check_password("quite fine", &["", "@"], 0), Ok(()));
    }

    #[test]
    fn the_list_can_be_found_in() {
        assert!(COMMON.iter().all(|word| word.len() >= 8 && word.to_lowercase() == *word));
    }

    #[tokio::test]
    async fn nobody_takes_all_places() {
        let passwords = Passwords::new(1);
        let address = |last| Some(IpAddr::from([203, 0, 113, last]));
        let held: Vec<_> =
            (0..MAX_OF_ADDRESS).map(|_| OwnPlace::take(&passwords.places_of, address(1)).unwrap()).collect();
        assert_eq!(passwords.verify("anything", None, address(1)).await, Err(HashError::Busy));
        assert_eq!(passwords.verify("anything", None, address(2)).await, Ok(false), "somebody else");
        assert_eq!(passwords.verify("anything", None, Some(IpAddr::from([127, 0, 0, 1]))).await, Ok(false));
        drop(held);
        assert_eq!(passwords.verify("anything", None, address(1)).await, Ok(false));
    }
}
