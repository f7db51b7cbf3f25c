import { expect, ready, type Customer, type Page, type Store } from './helpers';

/** A page in one of its states, for what must hold of all of them. */
export interface State {
    name: string;
    /** Its address, when it does not depend on who looks. */
    path?: string;
    /** Who looks. */
    as: 'visitor' | 'temporary' | 'customer' | 'newcomer';
    status?: number;
    /** The link gateway's pages have neither script nor navigation. */
    bare?: boolean;
    /** What is done to come into the state, where `path` is not enough; may answer the address to open. */
    reach?: (page: Page, store: Store, customer: Customer) => Promise<string | void>;
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

/** Brings the browser into a state; answers the document's status. */
export async function reach(page: Page, store: Store, state: State): Promise<number> {
    const come = { temporary: () => store.customer('temporary'), newcomer: () => store.customer(), customer: () => regular(page, store) };
    const customer = state.as === 'visitor' ? undefined : (people[state.as] ??= await come[state.as]());
    await page.context().clearCookies();
    if (customer) await store.signIn(page.context(), customer);
    const address = state.reach ? await state.reach(page, store, customer as Customer) : state.path;
    const response = address ? await page.goto(address) : null;
    if (!state.bare) await ready(page);
    return response?.status() ?? 200;
}
