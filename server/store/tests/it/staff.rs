//! The shop's own people: who is one, who says so, and what a lost phone or password costs.

use shared::{
    Code, FieldCode,
    api::{
        Role,
        admin::{AlertKind, Permission},
    },
    ms,
};
use store::{alerts, sessions, staff};
use totp_rs::{Algorithm, TOTP};

use crate::{
    on_both,
    world::{World, code},
};

const PASSWORD: &str = "correct horse battery";

/// What an authenticator shows at the store's time.
fn digits(world: &World, secret: &str) -> String {
    let secret = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let authenticator = TOTP::new(Algorithm::SHA1, 6, 1, 30, secret, None, String::new()).unwrap();
    authenticator.generate(u64::try_from(world.store.now().0 / ms::SECOND).unwrap())
}

async fn sign_in(world: &World, username: &str, password: &str, totp: Option<&str>) -> Result<(), Code> {
    let signed_in = staff::sign_in(&world.store, username, password, totp, &world.origin()).await;
    signed_in.map(|_| ()).map_err(|error| error.problem().code)
}

on_both!(an_authenticator_is_asked_for_once_it_was_proven, |world| {
    let owner = world.owner().await;
    let setup = staff::begin_totp(&world.store, &owner).await.unwrap();
    assert!(setup.url.starts_with("otpauth://totp/Khazna:owner?secret="), "{}", setup.url);
    assert_eq!(staff::account(&world.store, &owner).await.unwrap().pending_totp, Some(setup.clone()));
    assert_eq!(sign_in(world, "owner", PASSWORD, None).await, Ok(()), "it does not count yet");

    let wrong = staff::confirm_totp(&world.store, &owner, "000000x", &world.origin()).await.unwrap_err().problem();
    assert_eq!(wrong.of_field("totp"), Some(FieldCode::WrongTotp));
    let proof = digits(world, &setup.secret);
    staff::confirm_totp(&world.store, &owner, &proof, &world.origin()).await.unwrap();
    assert!(staff::account(&world.store, &owner).await.unwrap().member.has_totp);

    // Who only holds the session does not put another one in its place.
    assert_eq!(code(staff::begin_totp(&world.store, &owner).await), Code::TotpOn);
    world.sql("UPDATE staff SET totp_pending = 'begun before it was on'").await.unwrap();
    assert_eq!(code(staff::confirm_totp(&world.store, &owner, &proof, &world.origin()).await), Code::TotpOn);

    // The digits that proved it are used up; the next ones sign in, once, with Arabic digits and a space too.
    assert_eq!(sign_in(world, "owner", PASSWORD, Some(&proof)).await, Err(Code::InvalidCredentials));
    assert_eq!(sign_in(world, "owner", PASSWORD, None).await, Err(Code::InvalidCredentials));
    world.clock.advance(31 * ms::SECOND);
    let next: String =
        digits(world, &setup.secret).chars().map(|digit| char::from_u32('٠' as u32 + digit.to_digit(10).unwrap()).unwrap()).collect();
    let spaced: String =
        next.chars().enumerate().flat_map(|(place, digit)| if place == 3 { vec![' ', digit] } else { vec![digit] }).collect();
    assert_eq!(sign_in(world, "owner", PASSWORD, Some(&spaced)).await, Ok(()));
    assert_eq!(sign_in(world, "owner", PASSWORD, Some(&next)).await, Err(Code::InvalidCredentials), "digits are good once");
    // A stolen database holds no secret.
    assert_eq!(world.count(&format!("SELECT COUNT(*) FROM staff WHERE totp_seed = '{}'", setup.secret)).await, 0);

    let wrong = staff::end_totp(&world.store, &owner, "something else", &world.origin()).await.unwrap_err().problem();
    assert_eq!(wrong.of_field("password"), Some(FieldCode::WrongPassword));
    staff::end_totp(&world.store, &owner, PASSWORD, &world.origin()).await.unwrap();
    assert_eq!(sign_in(world, "owner", PASSWORD, None).await, Ok(()));
});

on_both!(only_what_was_begun_is_proven, |world| {
    let owner = world.owner().await;
    assert_eq!(code(staff::confirm_totp(&world.store, &owner, "123456", &world.origin()).await), Code::NotFound);
    let first = staff::begin_totp(&world.store, &owner).await.unwrap();
    let second = staff::begin_totp(&world.store, &owner).await.unwrap();
    let wrong = staff::confirm_totp(&world.store, &owner, &digits(world, &first.secret), &world.origin()).await.unwrap_err().problem();
    assert_eq!(wrong.of_field("totp"), Some(FieldCode::WrongTotp), "it was begun anew");
    staff::confirm_totp(&world.store, &owner, &digits(world, &second.secret), &world.origin()).await.unwrap();
    assert_eq!(code(staff::confirm_totp(&world.store, &owner, &digits(world, &second.secret), &world.origin()).await), Code::TotpOn);
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'staff.totp' AND outcome = 'on'").await, 1);
});

on_both!(digits_at_once_sign_in_once, |world| {
    let owner = world.owner().await;
    let setup = staff::begin_totp(&world.store, &owner).await.unwrap();
    staff::confirm_totp(&world.store, &owner, &digits(world, &setup.secret), &world.origin()).await.unwrap();
    world.clock.advance(31 * ms::SECOND);
    let digits = digits(world, &setup.secret);
    let tries = futures::future::join_all((0..4).map(|_| sign_in(world, "owner", PASSWORD, Some(&digits)))).await;
    assert_eq!(tries.iter().filter(|tried| tried.is_ok()).count(), 1, "{tries:?}");
});

on_both!(the_shop_keeps_an_owner, |world| {
    let first = world.owner().await;
    let refused = staff::set_role(&world.store, &first, first.id, "support", &world.origin()).await.unwrap_err();
    assert_eq!(refused.problem().code, Code::LastOwner);
    assert_eq!(code(staff::set_access(&world.store, &first, first.id, false, &world.origin()).await), Code::LastOwner);

    // Two owners take one another's role at the same moment: one of them stays.
    let second = world.member("second", Role::Owner).await;
    let (one, other) = tokio::join!(async { staff::set_role(&world.store, &first, second.id, "manager", &world.origin()).await }, async {
        staff::set_role(&world.store, &second, first.id, "manager", &world.origin()).await
    },);
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(world.count("SELECT COUNT(*) FROM staff WHERE role = 'owner'").await, 1);
});

on_both!(access_ends_at_once, |world| {
    let owner = world.owner().await;
    staff::hire(&world.store, &owner, "Salim.K", "a long password", "support", &world.origin()).await.unwrap();
    let members = staff::members(&world.store, &owner).await.unwrap();
    let salim = members.iter().find(|member| member.username == "salim.k").unwrap();
    assert_eq!((salim.role, salim.has_totp, salim.last_seen_at), (Role::Support, false, None));
    let tokens = staff::sign_in(&world.store, "SALIM.K", "a long password", None, &world.origin()).await.unwrap();
    sessions::authenticate(&world.store, &tokens.access_token, &world.origin()).await.unwrap();

    staff::set_access(&world.store, &owner, salim.id, false, &world.origin()).await.unwrap();
    assert!(sessions::authenticate(&world.store, &tokens.access_token, &world.origin()).await.is_err());
    assert_eq!(sign_in(world, "salim.k", "a long password", None).await, Err(Code::InvalidCredentials));
    staff::set_access(&world.store, &owner, salim.id, true, &world.origin()).await.unwrap();
    assert_eq!(sign_in(world, "salim.k", "a long password", None).await, Ok(()));

    staff::reset_password(&world.store, &owner, salim.id, "another long one", &world.origin()).await.unwrap();
    assert_eq!(sign_in(world, "salim.k", "a long password", None).await, Err(Code::InvalidCredentials));
    assert_eq!(sign_in(world, "salim.k", "another long one", None).await, Ok(()));
});

on_both!(names_and_passwords_have_rules, |world| {
    let owner = world.owner().await;
    let broken = async |username: &str, password: &str, role: &str| {
        let problem = staff::hire(&world.store, &owner, username, password, role, &world.origin()).await.unwrap_err().problem();
        problem.fields.into_iter().map(|error| (error.field, error.code)).collect::<Vec<_>>()
    };
    assert_eq!(
        broken("سالم", "short", "king").await,
        [
            ("username".to_owned(), FieldCode::Username),
            ("new_password".to_owned(), FieldCode::WeakPassword),
            ("role".to_owned(), FieldCode::Format)
        ]
    );
    assert_eq!(broken("owner", "a long password", "owner").await, [("username".to_owned(), FieldCode::Taken)]);
    assert_eq!(world.count("SELECT COUNT(*) FROM staff").await, 1);
});

on_both!(guesses_of_ones_own_password_are_throttled, |world| {
    let owner = world.owner().await;
    for _ in 0..5 {
        let wrong = staff::change_password(&world.store, &owner, "a wild guess", "another long one", &world.origin()).await;
        assert_eq!(wrong.unwrap_err().problem().of_field("old_password"), Some(FieldCode::WrongPassword));
    }
    let locked = staff::change_password(&world.store, &owner, PASSWORD, "another long one", &world.origin()).await;
    assert_eq!(code(locked), Code::TooManyAttempts);
    world.clock.advance(ms::MINUTE);
    staff::change_password(&world.store, &owner, PASSWORD, "another long one", &world.origin()).await.unwrap();
    assert_eq!(sign_in(world, "owner", "another long one", None).await, Ok(()));
});

on_both!(a_member_s_lock_is_told_once, |world| {
    let owner = world.owner().await;
    let support = world.member("support", Role::Support).await;
    let guess = async |username: &str, times: usize| {
        for _ in 0..times {
            assert!(sign_in(world, username, "a wild guess", None).await.is_err());
        }
    };
    let standing = async || alerts::standing(&world.store, &support).await.unwrap();
    guess("nobody", 7).await;
    guess("owner", 4).await;
    assert!(standing().await.is_empty(), "nobody of the staff is locked");

    // The fifth guess locks, and what the lock refuses is no news.
    guess("owner", 5).await;
    let told = standing().await;
    assert_eq!((told.len(), told[0].kind, told[0].times), (1, AlertKind::StaffLocked, 1));
    let until = world.store.now().plus(30 * ms::SECOND);
    assert_eq!(told[0].detail, format!("owner → {until} · 203.0.113.7"));
    let members = staff::members(&world.store, &owner).await.unwrap();
    assert_eq!(members.iter().map(|member| member.locked_until).collect::<Vec<_>>(), [Some(until), None]);

    // So is the next lock, by guesses of one's own password too; all that are locked are named.
    world.clock.advance(30 * ms::SECOND);
    assert_eq!(staff::members(&world.store, &owner).await.unwrap()[0].locked_until, None);
    let wrong = staff::change_password(&world.store, &owner, "a wild guess", "another long one", &world.origin()).await;
    assert_eq!(code(wrong), Code::Invalid);
    guess("support", 6).await;
    let told = standing().await;
    assert_eq!((told.len(), told[0].times), (1, 3));
    assert!(told[0].detail.contains("owner → ") && told[0].detail.contains("support → "), "{}", told[0].detail);

    // Read is read, and the next one is told again.
    alerts::dismiss(&world.store, &support, AlertKind::StaffLocked, &world.origin()).await.unwrap();
    world.clock.advance(ms::MINUTE);
    assert!(standing().await.is_empty());
    guess("owner", 1).await;
    assert_eq!(standing().await.len(), 1);
});

on_both!(a_locked_member_is_unlocked, |world| {
    let owner = world.owner().await;
    let support = world.member("support", Role::Support).await;
    let lock = async |username: &str| {
        for _ in 0..6 {
            assert!(sign_in(world, username, "a wild guess", None).await.is_err());
        }
        assert_eq!(sign_in(world, username, PASSWORD, None).await, Err(Code::TooManyAttempts));
    };
    let told = async || alerts::stands(&world.store, AlertKind::StaffLocked).await.unwrap();
    lock("owner").await;
    lock("support").await;
    assert_eq!(code(staff::unlock(&world.store, &support, owner.id, &world.origin()).await), Code::Forbidden);
    assert_eq!(code(staff::unlock(&world.store, &owner, shared::StaffId(999_999), &world.origin()).await), Code::NotFound);
    // An owner who is signed in elsewhere may let themselves in.
    staff::unlock(&world.store, &owner, owner.id, &world.origin()).await.unwrap();
    assert_eq!(sign_in(world, "owner", PASSWORD, None).await, Ok(()));
    assert!(told().await, "another one is locked still");
    staff::unlock(&world.store, &owner, support.id, &world.origin()).await.unwrap();
    assert_eq!(sign_in(world, "support", PASSWORD, None).await, Ok(()));
    assert!(!told().await);

    // The only one is let in from the command line; a new password does it too.
    lock("owner").await;
    assert_eq!(code(staff::unlock_from_console(&world.store, "nobody").await), Code::NotFound);
    staff::unlock_from_console(&world.store, " Owner").await.unwrap();
    assert_eq!(sign_in(world, "owner", PASSWORD, None).await, Ok(()));
    lock("support").await;
    staff::reset_password(&world.store, &owner, support.id, "another long one", &world.origin()).await.unwrap();
    assert!(!told().await);
    assert_eq!(sign_in(world, "support", "another long one", None).await, Ok(()));
    assert_eq!(
        world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'staff.unlock' AND actor LIKE 'staff:%' AND outcome = 'ok'").await,
        2
    );
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'staff.unlock' AND actor = 'operator'").await, 1);
});

on_both!(a_session_of_the_staff_lasts_a_working_day, |world| {
    world.owner().await;
    let tokens = staff::sign_in(&world.store, "owner", PASSWORD, None, &world.origin()).await.unwrap();
    world.clock.advance(11 * ms::HOUR);
    let tokens = sessions::refresh(&world.store, &tokens.refresh_token, sessions::Reuse::Strict, &world.origin()).await.unwrap();
    world.clock.advance(13 * ms::HOUR);
    assert_eq!(
        code(sessions::refresh(&world.store, &tokens.refresh_token, sessions::Reuse::Strict, &world.origin()).await),
        Code::Unauthenticated
    );
});

on_both!(what_was_read_is_over, |world| {
    let support = world.member("support", Role::Support).await;
    assert_eq!(code(alerts::dismiss(&world.store, &support, AlertKind::EventsMissing, &world.origin()).await), Code::NotFound);
    world.sql("INSERT INTO alerts (kind, detail, first_at, last_at) VALUES ('events_missing', 'two records', 1, 2)").await.unwrap();
    let standing = alerts::standing(&world.store, &support).await.unwrap();
    assert_eq!((standing.len(), standing[0].kind, standing[0].times), (1, AlertKind::EventsMissing, 1));
    alerts::dismiss(&world.store, &support, AlertKind::EventsMissing, &world.origin()).await.unwrap();
    assert!(alerts::standing(&world.store, &support).await.unwrap().is_empty());
    assert_eq!(code(alerts::dismiss(&world.store, &support, AlertKind::EventsMissing, &world.origin()).await), Code::NotFound);
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'alerts.dismiss'").await, 1);
});

#[test]
fn an_owner_may_do_everything() {
    assert!(Permission::ALL.iter().all(|permission| Role::Owner.may(*permission)));
    assert!(!Role::Support.may(Permission::MoveCoins) && !Role::Manager.may(Permission::ManageStaff));
}
