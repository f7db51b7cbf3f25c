//! The Durable Object of a purchase. Everything that it knows stands in one row ([`Purchase`]); a step is computed first and then
//! written with no `await` between, and the runtime holds every answer back until the row is safe.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use serde::Serialize;
use shared::{
    Instant, PurchaseId,
    link::{self, Event, Reply},
    ms,
};
use worker::{Date, DateInit, DurableObject, Env, Error, Request, Response, Result, State, durable_object, wasm_bindgen::JsValue};

use crate::{
    config::{self, Config},
    delivery,
    message::{Ask, Told},
    purchase::Purchase,
};

/// The row of everything but pages.
const ROW: &str = "purchase";
/// How much later than needed an alarm may go off, in milliseconds: to move it costs a row.
const SLACK: i64 = ms::SECOND;
/// How long an alarm is put off that could do nothing, not even know its secret.
const PUT_OFF: Duration = Duration::from_mins(5);
/// A delivery of which nothing was heard for so long, in milliseconds, is no longer waited for.
const DELIVERY_LOST: i64 = ms::MINUTE;

/// One purchase's links.
#[durable_object(alarm)]
pub struct PurchaseObject {
    inner: Rc<Inner>,
}

impl DurableObject for PurchaseObject {
    fn new(state: State, env: Env) -> Self {
        Self { inner: Rc::new(Inner { config: Config::read(&env), state, memory: RefCell::default(), delivering_since: Cell::default() }) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let ask: Ask = request.json().await?;
        Response::from_json(&self.inner.clone().handle(ask).await?)
    }

    async fn alarm(&self) -> Result<Response> {
        if let Err(error) = self.inner.wake().await {
            // The runtime would give up after some tries, and with it what is owed.
            worker::console_error!("the alarm is put off: {error}");
            self.inner.state.storage().set_alarm(PUT_OFF).await?;
        }
        Response::empty()
    }
}

struct Inner {
    config: Result<Config, String>,
    state: State,
    memory: RefCell<Option<Memory>>,
    delivering_since: Cell<Option<Instant>>,
}

/// What was read from storage, and is as it stands there but for acknowledgements: those are written along with what comes next.
struct Memory {
    purchase: Option<Purchase>,
    /// When the alarm is set to.
    alarm: Option<Instant>,
    /// True when acknowledgements are not written yet.
    ahead: bool,
}

impl Inner {
    async fn handle(self: Rc<Self>, ask: Ask) -> Result<Told> {
        let config = self.config()?;
        match ask {
            Ask::Request { method, path, ip, headers, secure } => {
                let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
                let request = link::Request::new(&method, &path, &ip, header).ok_or("not a link's path")?;
                let site = config.site(secure);
                let located = match site.locate(&request) {
                    Ok(located) => located,
                    Err(refused) => return Ok(told(refused, None)),
                };
                let fresh = config::random()?;
                let answered = self.step(located.purchase, |purchase, now| purchase.answer(&site, &request, &located, fresh, now)).await?;
                Ok(told(answered.response, answered.download))
            }
            Ask::Stream { purchase, link, stream, client, news } => {
                let event: Event = news.event(stream, client);
                Ok(match self.step(purchase, |purchase, now| purchase.apply(link, &event, now)).await? {
                    Reply::Segment { until } => Told::Segment(until),
                    _ => Told::Done,
                })
            }
            Ask::Call(call) => {
                self.remember().await?;
                self.acknowledge(call.acknowledged)?;
                self.step(call.purchase, |purchase, now| purchase.obey(&call, now)).await?;
                let owed = self.dispatch().await?;
                if owed.is_some() {
                    // Whoever calls is awake.
                    self.deliver_soon();
                }
                Ok(Told::Dispatch(owed.unwrap_or(link::Dispatch { purchase: call.purchase, states: Vec::new(), records: Vec::new() })))
            }
        }
    }

    /// Takes a step, and sees to it that the server hears of it.
    async fn step<T>(self: &Rc<Self>, id: PurchaseId, step: impl FnOnce(&mut Purchase, Instant) -> T) -> Result<T> {
        self.remember().await?;
        let now = self.config()?.now();
        let (result, owing) = {
            let mut memory = self.memory.borrow_mut();
            let memory = memory.as_mut().ok_or("nothing is remembered")?;
            let before = memory.purchase.clone().unwrap_or_else(|| Purchase::new(id));
            let mut purchase = before.clone();
            let result = step(&mut purchase, now);
            let changed = purchase != before;
            let owing = changed && purchase.is_owing() && !purchase.is_failing();
            if changed {
                self.write(memory, purchase)?;
            }
            self.set_alarm(memory, now, None)?;
            (result, owing)
        };
        if owing {
            self.deliver_soon();
        }
        Ok(result)
    }

    fn deliver_soon(self: &Rc<Self>) {
        let this = self.clone();
        self.state.wait_until(async move { this.deliver().await });
    }

    /// The alarm: tells of what time alone has ended, delivers what is owed, and forgets what is over.
    async fn wake(self: &Rc<Self>) -> Result<()> {
        self.remember().await?;
        let config = self.config()?;
        {
            let mut memory = self.memory.borrow_mut();
            let memory = memory.as_mut().ok_or("nothing is remembered")?;
            memory.alarm = None;
            let Some(before) = &memory.purchase else { return Ok(()) };
            let mut purchase = before.clone();
            let now = config.now();
            purchase.expire(now);
            // What is about to be forgotten is not written once more.
            if purchase != *before && !purchase.is_over(now) {
                self.write(memory, purchase)?;
            }
        }
        self.deliver().await;
        let now = config.now();
        {
            let mut memory = self.memory.borrow_mut();
            let memory = memory.as_mut().ok_or("nothing is remembered")?;
            let Some(purchase) = &memory.purchase else { return Ok(()) };
            if !purchase.is_over(now) {
                if memory.ahead {
                    let purchase = purchase.clone();
                    self.write(memory, purchase)?;
                }
                // Not at once again, should a delivery that a request has begun still be under way.
                let at = memory.purchase.as_ref().map(|purchase| purchase.wake_at(now).max(now.plus(DELIVERY_LOST)));
                return self.set_alarm(memory, now, at);
            }
            memory.purchase = None;
            memory.alarm = None;
        }
        self.state.storage().delete_all().await
    }

    /// Reads what is stored, once.
    async fn remember(&self) -> Result<()> {
        if self.memory.borrow().is_some() {
            return Ok(());
        }
        let storage = self.state.storage();
        let row: Option<String> = storage.get(ROW).await?;
        let alarm = storage.get_alarm().await?;
        let purchase = row.map(|row| serde_json::from_str(&row)).transpose()?;
        let alarm = alarm.map(|at| self.config().map(|config| config.off_the_wall(at))).transpose()?;
        // Another request may have been quicker.
        self.memory.borrow_mut().get_or_insert(Memory { purchase, alarm, ahead: false });
        Ok(())
    }

    /// Writes everything, and remembers it once that is under way. The runtime sends no answer before it is safe, and starts the
    /// object anew if it fails.
    fn write(&self, memory: &mut Memory, mut purchase: Purchase) -> Result<()> {
        if let Some((page, records)) = purchase.turn_page() {
            self.put(&page.key(), &records)?;
        }
        self.put(ROW, &purchase)?;
        memory.purchase = Some(purchase);
        memory.ahead = false;
        Ok(())
    }

    fn put(&self, key: &str, value: &impl Serialize) -> Result<()> {
        let value = serde_json::to_string(value)?;
        // The promise is not waited for: storage writes in the order of the calls, all of them or none.
        let _written = self.state.storage().as_raw().put(key, JsValue::from(value))?;
        Ok(())
    }

    /// Sets the alarm to `at`, or to when the purchase must be looked after, unless it goes off before.
    fn set_alarm(&self, memory: &mut Memory, now: Instant, at: Option<Instant>) -> Result<()> {
        let Some(purchase) = &memory.purchase else { return Ok(()) };
        let at = at.unwrap_or_else(|| purchase.wake_at(now));
        if memory.alarm.is_some_and(|alarm| alarm <= at.plus(SLACK)) {
            return Ok(());
        }
        let wall = u64::try_from(self.config()?.on_the_wall(at)).unwrap_or_default();
        let date = Date::new(DateInit::Millis(wall)).into();
        let _set = self.state.storage().as_raw().set_alarm(date, JsValue::NULL.into())?;
        memory.alarm = Some(at);
        Ok(())
    }

    /// What the server does not have yet; none when there is nothing.
    async fn dispatch(&self) -> Result<Option<link::Dispatch>> {
        while let Some(page) = self.look(Purchase::first_page).flatten() {
            let row: Option<String> = self.state.storage().get(&page.key()).await?;
            match row {
                Some(row) => {
                    let records = serde_json::from_str(&row)?;
                    return Ok(self.look(|purchase| purchase.dispatch(Some(records))));
                }
                // It was acknowledged, and the object stopped before that was written down.
                None => self.acknowledge(page.last())?,
            }
        }
        Ok(self.look(|purchase| purchase.is_owing().then(|| purchase.dispatch(None))).flatten())
    }

    /// Forgets what the server has. That stands in memory until the next step or alarm writes it: told twice, the server stores it once.
    fn acknowledge(&self, sequence: i64) -> Result<()> {
        let mut memory = self.memory.borrow_mut();
        let Some(memory) = memory.as_mut() else { return Ok(()) };
        let Some(purchase) = memory.purchase.as_mut().filter(|purchase| purchase.acknowledged() < sequence) else { return Ok(()) };
        let done = purchase.acknowledge(sequence);
        memory.ahead = true;
        for page in done {
            let _deleted = self.state.storage().as_raw().delete(&page.key())?;
        }
        Ok(())
    }

    /// Delivers all that the server lacks, one message after the other. When it does not take one, the alarm tries again.
    async fn deliver(&self) {
        let Ok(config) = self.config() else { return };
        if self.delivering_since.get().is_some_and(|since| config.now().since(since) < DELIVERY_LOST) {
            return;
        }
        let delivered = self.deliver_all(config).await;
        self.delivering_since.set(None);
        if let Err(error) = delivered {
            worker::console_error!("records stay for the alarm: {error}");
        }
    }

    async fn deliver_all(&self, config: &Config) -> Result<()> {
        self.delivering_since.set(Some(config.now()));
        while let Some(dispatch) = self.dispatch().await? {
            self.delivering_since.set(Some(config.now()));
            let before = self.look(Purchase::acknowledged).unwrap_or_default();
            let taken = match delivery::post(config, &dispatch).await {
                Ok(sequence) if sequence <= before => Err(format!("the server acknowledges no more than {sequence}").into()),
                taken => taken,
            };
            match taken {
                Ok(sequence) => {
                    self.acknowledge(sequence)?;
                    if let Some(purchase) = self.memory.borrow_mut().as_mut().and_then(|memory| memory.purchase.as_mut()) {
                        purchase.succeed();
                    }
                }
                Err(error) => return self.put_off(config.now()).and(Err(error)),
            }
        }
        Ok(())
    }

    /// Sets the alarm for the next try.
    fn put_off(&self, now: Instant) -> Result<()> {
        let mut memory = self.memory.borrow_mut();
        let Some(memory) = memory.as_mut() else { return Ok(()) };
        let Some(mut purchase) = memory.purchase.clone() else { return Ok(()) };
        let (pause, first) = purchase.fail(config::random::<1>()?[0], now);
        if first {
            // Written down, so that the pauses go on growing though the object is stopped in between.
            self.write(memory, purchase)?;
        }
        self.set_alarm(memory, now, Some(now.plus(pause)))
    }

    fn look<T>(&self, at: impl FnOnce(&Purchase) -> T) -> Option<T> {
        self.memory.borrow().as_ref()?.purchase.as_ref().map(at)
    }

    fn config(&self) -> Result<&Config> {
        self.config.as_ref().map_err(|problem| Error::RustError(problem.clone()))
    }
}

fn told(response: link::Response, download: Option<crate::message::Opened>) -> Told {
    let html = match response.body {
        link::Body::Html(html) => Some(html),
        link::Body::Empty | link::Body::Stream(_) => None,
    };
    let headers = response.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Told::Response { status: response.status, headers, html, download }
}
