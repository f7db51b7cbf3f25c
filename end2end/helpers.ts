import { execFileSync } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test as base, expect, request, type APIRequestContext, type BrowserContext, type Download, type Locator, type Page } from '@playwright/test';

import type { Shop } from './store';

export { expect };
export type { BrowserContext, Locator, Page };

export interface File { id: number; title: string; description: string; category_name: string; price_coins: number; file_name: string; kind: string }
export interface Purchase { purchase_id: number; file_title: string; downloads_count: number; attempts: { state: string }[] }
export interface Customer { serial: string; pin: string; phone: string; name: string; token: string }

export type Role = 'owner' | 'manager' | 'support';
export interface Member { username: string; password: string; role: Role }

/** An address of its own, so that nobody is locked out by another test's wrong PINs. */
export const someAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;
export const somePhone = () => `09${String(randomInt(100_000_000)).padStart(8, '0')}`;

/** The REST API, for what a test needs but is not about. */
export class Store {
    private staff = { token: '', since: 0 };
    constructor(private readonly http: APIRequestContext, private readonly shop: Shop) {}

    async call<T>(method: string, path: string, token?: string, data?: unknown): Promise<T> {
        const headers = token ? { Authorization: `Bearer ${token}` } : undefined;
        const response = await this.http.fetch(`/api/v1/${path}`, { method, headers, data });
        expect(response.ok(), `${method} ${path} is answered ${response.status()}: ${await response.text()}`).toBe(true);
        return response.status() === 204 ? (undefined as T) : response.json();
    }

    async asStaff<T>(method: string, path: string, data?: unknown): Promise<T> {
        if (Date.now() - this.staff.since > 180_000) {
            const account = { username: 'admin', password: this.shop.password };
            const { access_token } = await this.call<{ access_token: string }>('POST', 'admin/token/', undefined, account);
            this.staff = { token: access_token, since: Date.now() };
        }
        return this.call(method, path, this.staff.token, data);
    }

    /** A new account: temporary, or activated with so many coins. */
    async customer(coins: number | 'temporary' = 100, name = 'سارة العلي'): Promise<Customer> {
        const { serial, pin, access_token: token } = await this.call<{ serial: string; pin: string; access_token: string }>('POST', 'token/');
        const phone = somePhone();
        if (coins !== 'temporary') {
            const { balance } = await this.call<{ balance: number }>('POST', 'activate-final/', token, { name, phone });
            const missing = coins - balance;
            if (missing > 0) await this.asStaff('POST', 'direct-recharge/', { customer_serial: serial, coin_amount: missing });
        }
        return { serial, pin, phone, name, token };
    }

    /** Signs a browser in, with a session of its own. */
    async signIn(context: BrowserContext, { serial, pin }: Customer): Promise<void> {
        const tokens = await this.call<{ access_token: string; refresh_token: string }>('POST', 'token/', undefined, { serial, pin });
        const cookie = { url: this.shop.url, httpOnly: true, sameSite: 'Lax' as const };
        await context.addCookies([
            { ...cookie, name: 'access', value: tokens.access_token },
            { ...cookie, name: 'refresh', value: tokens.refresh_token },
        ]);
    }

    /** Has a browser's reader choose a language. */
    choose = (context: BrowserContext, locale: 'ar' | 'en' | 'fr') => context.addCookies([{ url: this.shop.url, name: 'locale', value: locale }]);

    /** A new member of the staff, made by the demo's owner. */
    async member(role: Role): Promise<Member> {
        const member = { username: `${role}-${randomInt(1e9)}`, password: 'correct horse battery', role };
        const { username, password } = member;
        await this.asStaff('POST', 'admin/staff/', { username, new_password: password, role });
        return member;
    }

    /** Signs a browser in at the desk, with a session of its own; answers an access token for the API. */
    async signInAtDesk(context: BrowserContext, { username, password }: Member): Promise<string> {
        const account = { username, password };
        const tokens = await this.call<{ access_token: string; refresh_token: string }>('POST', 'admin/token/', undefined, account);
        const cookie = { url: this.shop.url, httpOnly: true, sameSite: 'Lax' as const };
        await context.addCookies([
            { ...cookie, name: 'staff-access', value: tokens.access_token },
            { ...cookie, name: 'staff-refresh', value: tokens.refresh_token },
        ]);
        return tokens.access_token;
    }

    files = () => this.call<File[]>('GET', 'products/files/?sort=price&per_page=100');

    /** The cheapest file that costs something, or the cheapest above a price. */
    async file(above = 0): Promise<File> {
        const file = (await this.files()).find(({ price_coins }) => price_coins > above);
        expect(file, `the demo has a file above ${above} coins`).toBeDefined();
        return file!;
    }

    async buy({ token }: Customer, file: File): Promise<number> {
        return (await this.call<{ purchase_id: number }>('POST', 'sales/purchases/', token, { file_id: file.id })).purchase_id;
    }

    async press({ token }: Customer, purchase: number): Promise<string> {
        return (await this.call<{ download_url: string }>('POST', `sales/purchases/${purchase}/download/`, token)).download_url;
    }

    /** Two hours and more pass for the purchase's links, and for nothing else. */
    passTwoHours(purchase: number): void {
        const earlier = (path: string) => `'${path}', strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(state, '${path}'), '-7300 seconds')`;
        // `json_replace` makes nothing up: what nobody claimed has no moment of a claim.
        const state = `json_replace(state, ${earlier('$.expires_at')}, ${earlier('$.claim.at')})`;
        const sql = `UPDATE links SET state = ${state}, expires_at = expires_at - 7300000 WHERE purchase_id = ${purchase}`;
        execFileSync('sqlite3', ['-cmd', '.timeout 10000', this.shop.database, sql]);
    }

    purchases = ({ token }: Customer) => this.call<Purchase[]>('GET', 'sales/my-purchases/', token);
    refund = (purchase: number) => this.asStaff('POST', `admin/purchases/${purchase}/refund/`, { reason: 'تجربة' });

    async balance({ token }: Customer): Promise<number> {
        return (await this.call<{ balance: number }>('GET', 'wallet/', token)).balance;
    }

    async code(value: number): Promise<string> {
        const batch = { value, count: 1, label: 'تجربة' };
        return (await this.asStaff<{ codes: string[] }>('POST', 'admin/codes/', batch)).codes[0];
    }
}

interface Fixtures { store: Store; complaints: string[] }

export const test = base.extend<Fixtures, { shop: Shop }>({
    /** The store that is tested: the one that all tests share, where a file does not start its own. */
    shop: [({}, use) => use(JSON.parse(process.env.KHAZNA_SHOP!)), { scope: 'worker' }],
    baseURL: ({ shop }, use) => use(shop.url),
    extraHTTPHeaders: ({}, use) => use({ 'X-Forwarded-For': someAddress() }),
    store: async ({ shop }, use) => {
        const http = await request.newContext({ baseURL: shop.url, extraHTTPHeaders: { 'X-Forwarded-For': someAddress() } });
        await use(new Store(http, shop));
        await http.dispose();
    },
    /** What browsers complain of fails every test: hydration warnings, policy violations, panics, faults of the server. */
    complaints: [
        async ({ context, javaScriptEnabled }, use) => {
            const complaints: string[] = [];
            complain(context, complaints, javaScriptEnabled);
            await use(complaints);
            expect(complaints, 'the browser complains of nothing').toEqual([]);
        },
        { auto: true },
    ],
});

export function complain(context: BrowserContext, complaints: string[], script = true): void {
    context.on('console', (message) => {
        // A form that is refused is answered with a 4xx, of which Chromium tells by itself.
        const refused = /Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
        // A browser without scripts still fetches them ahead.
        if (!script && /preload/.test(message.text())) return;
        if (['warning', 'error'].includes(message.type()) && !refused) complaints.push(`${message.type()}: ${message.text()}`);
    });
    context.on('weberror', (error) => complaints.push(`uncaught: ${error.error().message}`));
    context.on('response', (response) => response.status() >= 500 && complaints.push(`${response.status()}: ${response.url()}`));
    context.on('requestfailed', (failed) => {
        // Leaving a page ends what it still fetches, and a download ends the navigation that led to it.
        const reason = failed.failure()?.errorText ?? '';
        if (reason !== 'net::ERR_ABORTED' && (script || failed.resourceType() !== 'script')) complaints.push(`${reason}: ${failed.url()}`);
    });
}

/** Waits until the page's script has taken over. */
export const ready = (page: Page) => page.locator('html[data-ready]').waitFor({ state: 'attached' });

export async function open(page: Page, path: string): Promise<void> {
    await page.goto(path);
    await ready(page);
}

/** Presses what starts a download, and waits until the file is there. */
export async function download(page: Page, button: Locator): Promise<Download> {
    const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
    expect(await file.failure(), 'the download succeeds').toBeNull();
    return file;
}

/** The download is the file that the demo was made from, byte for byte. */
export async function expectOriginal(downloaded: Download, { title, file_name }: File): Promise<void> {
    const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(downloaded.suggestedFilename()).toBe(file_name);
    expect(sum(await downloaded.path())).toBe(sum(original(title)));
}

/** Where the demo's manifest has the content of a title. */
function original(title: string): string {
    const demo = join(__dirname, '..', 'server', 'demo');
    const quoted = (field: string) => [field, `"${field.replaceAll('"', '""')}"`];
    const lines = readFileSync(join(demo, 'manifest.csv'), 'utf8').split('\n');
    const line = lines.find((line) => quoted(title).some((field) => line.includes(`,${field},`)));
    const path = join(demo, line?.split(',')[0].replaceAll('"', '') ?? '');
    expect(line !== undefined && existsSync(path), `the manifest has «${title}»`).toBe(true);
    return path;
}

/** A code as somebody might type it: Arabic digits, spaces, small letters. */
export const clumsily = (code: string) => arabicDigits(code.toLowerCase().replaceAll('-', ' '));
export const arabicDigits = (text: string) => text.replace(/\d/g, (digit) => '٠١٢٣٤٥٦٧٨٩'[Number(digit)]);
