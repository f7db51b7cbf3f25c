import { randomBytes } from 'node:crypto';
import { expect, ready, type Customer, type Member, type Page, type Role, type Store } from './helpers';
import { said } from './words';

/** A page in one of its states, for what must hold of all of them. */
export interface State {
    name: string;
    /** Its address, when it does not depend on who looks. */
    path?: string;
    /** Who looks. */
    as: 'visitor' | 'temporary' | 'customer' | 'newcomer' | Role;
    status?: number;
    /** The link gateway's pages have neither script nor navigation. */
    bare?: boolean;
    /** What is done to come into the state, where `path` is not enough; may answer the address to open. */
    reach?: (page: Page, store: Store, customer?: Customer) => Promise<string | void>;
}

const fileAbove = async (store: Store, coins: number) => `/files/${(await store.file(coins)).id}`;

/** Wider than a phone, and nowhere to be broken. */
export const LONG_TITLE = 'عنوان_بلا_مسافات_'.repeat(4);
/** Of its lines one can be taken: a title that stands already could not. */
const table = () => ['العنوان,القسم,السعر,النوع', `دليل من جدول ${randomBytes(3).toString('hex')},كتب,٢٥,pdf`, `${LONG_TITLE},كتب,مجانًا,sculpture`, ',,5,pdf'].join('\n');

/** Presses a button by what it says in the reader's language. */
const pressed = async (page: Page, button: string) => {
    await ready(page);
    await page.getByRole('main').getByRole('button', { name: said(button) }).click();
};

export const STATES: State[] = [
    { name: 'home', path: '/', as: 'visitor' },
    { name: 'catalog', path: '/catalog', as: 'visitor' },
    { name: 'catalog-nothing-found', path: '/catalog?q=زرافة', as: 'visitor' },
    { name: 'file', as: 'visitor', reach: (_, store) => fileAbove(store, 0) },
    { name: 'file-missing', path: '/files/999999', as: 'visitor', status: 404 },
    { name: 'start', path: '/start', as: 'visitor' },
    {
        name: 'ticket',
        as: 'visitor',
        reach: async (page) => {
            await page.goto('/start');
            await pressed(page, 'فتح حساب');
            await expect(page.getByTestId('pin')).toBeVisible();
        },
    },
    { name: 'sign-in', path: '/sign-in?next=/wallet', as: 'visitor' },
    {
        name: 'sign-in-refused',
        as: 'visitor',
        reach: async (page) => {
            await page.goto('/sign-in');
            await ready(page);
            await page.getByRole('textbox', { name: said('الرقم التسلسلي') }).fill('CUST2026-AAAAAA');
            await page.getByLabel(said('الرمز السري')).fill('1234');
            await pressed(page, 'دخول');
            await expect(page.getByRole('alert')).not.toBeEmpty();
        },
    },
    { name: 'recover', path: '/recover', as: 'visitor' },
    { name: 'packages', path: '/packages', as: 'visitor' },
    { name: 'not-found', path: '/no/such/page', as: 'visitor', status: 404 },

    { name: 'activate', path: '/activate', as: 'temporary' },
    {
        name: 'activate-refused',
        as: 'temporary',
        reach: async (page) => {
            await page.goto('/activate');
            await pressed(page, 'تفعيل');
            await expect(page.getByRole('alert')).not.toBeEmpty();
        },
    },
    { name: 'wallet-temporary', path: '/wallet', as: 'temporary' },
    { name: 'profile-temporary', path: '/profile', as: 'temporary' },
    { name: 'file-temporary', as: 'temporary', reach: (_, store) => fileAbove(store, 0) },

    { name: 'purchases-empty', path: '/purchases', as: 'newcomer' },
    { name: 'file-too-dear', as: 'newcomer', reach: (_, store) => fileAbove(store, 100) },
    { name: 'wallet', path: '/wallet', as: 'customer' },
    {
        name: 'wallet-refused',
        as: 'customer',
        reach: async (page) => {
            await page.goto('/wallet');
            await ready(page);
            await page.getByRole('textbox', { name: said('رمز الشحن') }).fill('abcd efgh jklm npqr');
            await pressed(page, 'شحن');
            await expect(page.getByRole('alert')).not.toBeEmpty();
        },
    },
    { name: 'home-signed-in', path: '/', as: 'customer' },
    { name: 'catalog-signed-in', path: '/catalog', as: 'customer' },
    { name: 'file-buy', as: 'customer', reach: async (_, store) => `/files/${(await store.files()).at(-1)!.id}` },
    { name: 'file-owned', as: 'customer', reach: (_, store) => fileAbove(store, 0) },
    { name: 'purchases', path: '/purchases', as: 'customer' },
    {
        name: 'purchases-open',
        as: 'customer',
        reach: async (page) => {
            await page.goto('/purchases');
            await ready(page);
            for (const details of await page.getByText(said('ما جرى لكل محاولة')).all()) await details.click();
        },
    },
    { name: 'notifications', path: '/notifications', as: 'customer' },
    { name: 'packages-signed-in', path: '/packages', as: 'customer' },
    { name: 'profile', path: '/profile', as: 'customer' },
    {
        name: 'profile-refused',
        as: 'customer',
        reach: async (page) => {
            await page.goto('/profile');
            await pressed(page, 'تغيير الرمز');
            await expect(page.getByRole('alert').filter({ hasText: /\S/ })).not.toHaveCount(0);
        },
    },

    {
        name: 'link',
        as: 'visitor',
        bare: true,
        reach: async (_, store) => (await freshLink(store)).link,
    },
    {
        name: 'link-used',
        as: 'visitor',
        bare: true,
        reach: async (page, store) => {
            const { link } = await freshLink(store);
            await claimed(page, link);
            await page.context().clearCookies();
            return link;
        },
    },
    {
        name: 'link-resume',
        as: 'visitor',
        bare: true,
        reach: async (page, store) => {
            const { link } = await freshLink(store);
            await claimed(page, link);
            return link;
        },
    },
    {
        name: 'link-finished',
        as: 'visitor',
        bare: true,
        reach: async (page, store) => {
            const { link } = await freshLink(store);
            await (await page.request.get(await claimed(page, link))).body();
            return link;
        },
    },
    {
        name: 'link-new-attempt',
        as: 'visitor',
        bare: true,
        reach: async (page, store) => {
            const { link } = await freshLink(store);
            await almost(page, await claimed(page, link));
            return link;
        },
    },
    {
        name: 'link-expired',
        as: 'visitor',
        bare: true,
        status: 410,
        reach: async (_, store) => {
            const { link, purchase } = await freshLink(store);
            store.passTwoHours(purchase);
            return link;
        },
    },
    {
        name: 'link-ended',
        as: 'visitor',
        bare: true,
        status: 410,
        reach: async (page, store) => {
            const { link, purchase } = await freshLink(store);
            await claimed(page, link);
            store.passTwoHours(purchase);
            return link;
        },
    },
    {
        name: 'link-revoked',
        as: 'visitor',
        bare: true,
        status: 410,
        reach: async (_, store) => {
            const customer = await store.customer(1000);
            const purchase = await store.buy(customer, await store.file());
            const link = await store.press(customer, purchase);
            await store.refund(purchase);
            return link;
        },
    },
    { name: 'desk-login', path: '/admin/login', as: 'visitor' },
    {
        name: 'desk-login-refused',
        as: 'visitor',
        reach: async (page) => {
            await page.goto('/admin/login');
            await pressed(page, 'دخول');
            await expect(page.getByRole('alert')).not.toBeEmpty();
        },
    },
    { name: 'desk-today', path: '/admin', as: 'owner' },
    { name: 'desk-statistics', path: '/admin/statistics', as: 'owner' },
    { name: 'desk-statistics-year', path: '/admin/statistics?range=year', as: 'manager' },
    {
        name: 'desk-statistics-refused',
        path: '/admin/statistics?range=custom&from=2026-02-02&to=2026-02-01',
        as: 'owner',
        status: 422,
    },
    { name: 'desk-packages', path: '/admin/packages', as: 'manager' },
    {
        name: 'desk-packages-open',
        as: 'manager',
        reach: async (page) => {
            await page.goto('/admin/packages');
            await ready(page);
            for (const question of await page.locator('article').first().locator('summary').all()) await question.click();
        },
    },
    { name: 'desk-settings', path: '/admin/settings', as: 'owner' },
    { name: 'desk-staff', path: '/admin/staff', as: 'owner' },
    {
        name: 'desk-staff-open',
        as: 'owner',
        reach: async (page) => {
            await page.goto('/admin/staff');
            await ready(page);
            for (const question of await page.locator('tr').nth(1).locator('summary').all()) await question.click();
        },
    },
    { name: 'desk-customers', path: '/admin/customers', as: 'manager' },
    { name: 'desk-customers-none', path: '/admin/customers?q=زرافة', as: 'manager' },
    {
        name: 'desk-customers-one',
        as: 'manager',
        reach: async (page, store) => {
            await page.goto(`/admin/customers?q=${(await store.customer(700)).serial}`);
            await ready(page);
            await page.locator('summary', { hasText: said('شحن الرصيد') }).click();
        },
    },
    { name: 'desk-customer', as: 'owner', reach: async (page, store) => `/admin/customers/${(await regular(page, store)).serial}` },
    {
        name: 'desk-customer-open',
        as: 'owner',
        reach: async (page, store) => {
            await page.goto(`/admin/customers/${(await regular(page, store)).serial}`);
            await ready(page);
            for (const question of await page.locator('main summary').all()) await question.click();
        },
    },
    { name: 'desk-downloads', path: '/admin/downloads', as: 'support' },
    { name: 'desk-downloads-wrong', path: '/admin/downloads?outcome=sideways', as: 'support', status: 422 },
    {
        name: 'desk-purchase',
        as: 'manager',
        reach: async (page, store) => {
            const customer = await regular(page, store);
            return `/admin/downloads/${(await store.purchases(customer)).find(({ attempts }) => attempts.length > 1)!.purchase_id}`;
        },
    },
    { name: 'desk-audit', path: '/admin/audit', as: 'manager' },
    { name: 'desk-account', path: '/admin/account', as: 'owner' },
    {
        name: 'desk-account-authenticator',
        as: 'support',
        reach: async (page) => {
            await page.goto('/admin/account');
            await pressed(page, 'تفعيل');
            await expect(page.getByRole('img', { name: /QR/ })).toBeVisible();
        },
    },
    { name: 'desk-codes', path: '/admin/codes', as: 'owner' },
    { name: 'desk-codes-new', path: '/admin/codes/new', as: 'owner' },
    { name: 'desk-codes-import', path: '/admin/codes/import', as: 'owner' },
    { name: 'desk-codes-resellers', path: '/admin/codes/resellers', as: 'owner' },
    { name: 'desk-codes-batch', path: '/admin/codes/1', as: 'owner' },
    {
        name: 'desk-files',
        as: 'manager',
        reach: async (_, store) => {
            await draft(store, LONG_TITLE);
            return '/admin/files';
        },
    },
    { name: 'desk-files-none', path: '/admin/files?q=zzzz', as: 'manager' },
    {
        name: 'desk-file-new-wrong',
        as: 'manager',
        reach: async (page) => {
            await page.goto('/admin/files/new');
            await pressed(page, 'إنشاء المسودة');
            await expect(page.getByRole('alert')).not.toBeEmpty();
        },
    },
    { name: 'desk-file', path: '/admin/files/1', as: 'manager' },
    {
        name: 'desk-file-draft',
        as: 'manager',
        reach: async (page, store) => {
            const id = await draft(store, 'دليل لم يُنشر');
            await store.asStaff('POST', 'admin/uploads/', { file_id: id, file_name: 'دليل الشبكات.pdf', length: 48_000_000 });
            await page.goto(`/admin/files/${id}`);
        },
    },
    { name: 'desk-files-import', path: '/admin/files/import', as: 'manager' },
    {
        name: 'desk-files-import-reported',
        as: 'manager',
        reach: async (page) => {
            await page.goto('/admin/files/import');
            await ready(page);
            await page.getByRole('textbox', { name: said('الجدول') }).fill(table());
            await pressed(page, 'إنشاء المسودات');
            await expect(page.locator('.versions > li')).toHaveCount(2);
        },
    },
    { name: 'desk-file-not-found', path: '/admin/files/999999', as: 'manager', status: 404 },
    {
        name: 'desk-categories',
        as: 'manager',
        reach: async (page) => {
            await page.goto('/admin/categories');
            await ready(page);
            await page.locator('.shelf summary').first().click();
        },
    },
    { name: 'desk-refused', path: '/admin/staff', as: 'support', status: 403 },
    { name: 'desk-not-found', path: '/admin/no/such/page', as: 'owner', status: 404 },

    { name: 'link-unknown', path: '/d/v1.nothing', as: 'visitor', bare: true, status: 404 },
];

async function draft(store: Store, title: string): Promise<number> {
    const [{ id: category_id }] = await store.asStaff<{ id: number }[]>('GET', 'admin/categories/');
    const about = { title, category_id, price_coins: 25, kind: 'pdf' };
    return (await store.asStaff<{ id: number }>('POST', 'admin/files/', about)).id;
}

async function freshLink(store: Store): Promise<{ customer: Customer; purchase: number; link: string }> {
    const customer = await store.customer(1000);
    const purchase = await store.buy(customer, await store.file());
    return { customer, purchase, link: await store.press(customer, purchase) };
}

/** Presses a link's button in this browser, and answers the file's address, of which nothing was fetched yet. */
export async function claimed(page: Page, link: string): Promise<string> {
    const answer = await page.request.post(link, { maxRedirects: 0 });
    expect(answer.status()).toBe(303);
    return new URL(answer.headers().location, link).href;
}

/** Fetches all but the last byte, and the first half again: what is left to the link is less than the file. */
export async function almost(page: Page, file: string): Promise<void> {
    const fetched = async (range: string) => {
        const answer = await page.request.get(file, { headers: { Range: range } });
        expect(answer.status(), range).toBe(206);
        return (await answer.body()).length;
    };
    const length = Number((await page.request.head(file)).headers()['content-length']);
    await fetched(`bytes=0-${length - 2}`);
    await fetched(`bytes=0-${Math.floor(length / 2)}`);
}

/** A customer who has lived in the store for a while: all kinds of purchases and notifications. */
async function regular(page: Page, store: Store): Promise<Customer> {
    const customer = await store.customer(5000);
    const [waiting, finished, refunded] = (await store.files()).filter(({ price_coins }) => price_coins > 0);
    await store.press(customer, await store.buy(customer, waiting));
    await store.refund(await store.buy(customer, refunded));
    const purchase = await store.buy(customer, finished);
    for (let attempt = 0; attempt < 3; attempt += 1) {
        await page.request.post(await store.press(customer, purchase), { maxRedirects: 5 });
    }
    return customer;
}

/** They only look, so one of each is enough for a worker. */
const people: Partial<Record<State['as'], Customer>> = {};
const members: Partial<Record<Role, Member>> = {};

/** Brings the browser into a state, where another language than Arabic may have been chosen; answers the document's status. */
export async function reach(page: Page, store: Store, state: State, locale?: 'en' | 'fr'): Promise<number> {
    await page.context().clearCookies();
    if (locale) await store.choose(page.context(), locale);
    if (state.as === 'owner' || state.as === 'manager' || state.as === 'support') return reachAtDesk(page, store, state, state.as);
    const come = { temporary: () => store.customer('temporary'), newcomer: () => store.customer(), customer: () => regular(page, store) };
    const customer = state.as === 'visitor' ? undefined : (people[state.as] ??= await come[state.as]());
    if (customer) await store.signIn(page.context(), customer);
    const address = state.reach ? await state.reach(page, store, customer) : state.path;
    const response = address ? await page.goto(address) : null;
    if (!state.bare) await ready(page);
    return response?.status() ?? 200;
}

async function reachAtDesk(page: Page, store: Store, state: State, role: Role): Promise<number> {
    const member = (members[role] ??= await store.member(role));
    await store.signInAtDesk(page.context(), member);
    const address = state.reach ? await state.reach(page, store) : state.path;
    const response = address ? await page.goto(address) : null;
    await ready(page);
    return response?.status() ?? 200;
}

/** What stands outside the window at one side, though the page must not scroll sideways. */
export const overflow = (page: Page) =>
    page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        const scrolls = (element: Element | null): boolean =>
            element !== null && (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
        const outside = [...document.body.querySelectorAll('*')].filter((element) => {
            const { left, right, width: wide, height } = element.getBoundingClientRect();
            // What is folded away has a place, too, once it is asked for it.
            const hidden = wide <= 1 || height <= 1 || element.closest('.visually-hidden, .skip, svg, details:not([open]) > :not(summary)') !== null;
            return !hidden && (left < -1 || right > width + 1) && !scrolls(element.parentElement);
        });
        const names = outside.map((element) => `${element.tagName.toLowerCase()}.${element.className}`).slice(0, 5);
        return document.documentElement.scrollWidth > width ? [`scrolls to ${document.documentElement.scrollWidth}`, ...names] : names;
    });
