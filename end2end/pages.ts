import { expect, ready, type Customer, type Member, type Page, type Role, type Store } from './helpers';

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

const pressed = async (page: Page, button: string | RegExp) => {
    await ready(page);
    await page.getByRole('main').getByRole('button', { name: button }).click();
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
            await page.getByRole('textbox', { name: 'الرقم التسلسلي' }).fill('CUST2026-AAAAAA');
            await page.getByLabel('الرمز السري').fill('1234');
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
            await page.getByRole('textbox', { name: 'رمز الشحن' }).fill('abcd efgh jklm npqr');
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
            for (const details of await page.getByText('ما جرى لكل محاولة').all()) await details.click();
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
        reach: async (_, store) => freshLink(store),
    },
    {
        name: 'link-used',
        as: 'visitor',
        bare: true,
        reach: async (page, store) => {
            const link = await freshLink(store);
            await page.request.post(link, { maxRedirects: 0 });
            await page.context().clearCookies();
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
            await page.getByText('شحن الرصيد').click();
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
    { name: 'desk-files', path: '/admin/files', as: 'manager' },
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
            const [{ id: category_id }] = await store.asStaff<{ id: number }[]>('GET', 'admin/categories/');
            const about = { title: 'دليل لم يُنشر', category_id, price_coins: 25, kind: 'pdf' };
            const { id } = await store.asStaff<{ id: number }>('POST', 'admin/files/', about);
            await store.asStaff('POST', 'admin/uploads/', { file_id: id, file_name: 'دليل الشبكات.pdf', length: 48_000_000 });
            await page.goto(`/admin/files/${id}`);
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

async function freshLink(store: Store): Promise<string> {
    const customer = await store.customer(1000);
    return store.press(customer, await store.buy(customer, await store.file()));
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

/** Brings the browser into a state; answers the document's status. */
export async function reach(page: Page, store: Store, state: State): Promise<number> {
    if (state.as === 'owner' || state.as === 'manager' || state.as === 'support') return reachAtDesk(page, store, state, state.as);
    const come = { temporary: () => store.customer('temporary'), newcomer: () => store.customer(), customer: () => regular(page, store) };
    const customer = state.as === 'visitor' ? undefined : (people[state.as] ??= await come[state.as]());
    await page.context().clearCookies();
    if (customer) await store.signIn(page.context(), customer);
    const address = state.reach ? await state.reach(page, store, customer) : state.path;
    const response = address ? await page.goto(address) : null;
    if (!state.bare) await ready(page);
    return response?.status() ?? 200;
}

async function reachAtDesk(page: Page, store: Store, state: State, role: Role): Promise<number> {
    const member = (members[role] ??= await store.member(role));
    await page.context().clearCookies();
    await store.signInAtDesk(page.context(), member);
    const address = state.reach ? await state.reach(page, store) : state.path;
    const response = address ? await page.goto(address) : null;
    await ready(page);
    return response?.status() ?? 200;
}
