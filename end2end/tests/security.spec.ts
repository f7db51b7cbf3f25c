import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, open, test, type Page } from '../helpers';

/** Reports every violation of the page's policy, whichever element it was at. */
async function watchPolicy(page: Page): Promise<string[]> {
    const violations: string[] = [];
    await page.exposeFunction('violated', (what: string) => violations.push(what));
    await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
            (window as unknown as { violated: (what: string) => void }).violated(`${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`),
        );
    });
    return violations;
}

test('no page breaks its own policy, and the policy is strict', async ({ page, context, store }) => {
    const violations = await watchPolicy(page);
    const customer = await store.customer(1000);
    const file = await store.file();
    await store.buy(customer, file);
    await store.signIn(context, customer);
    const nonces = new Set<string>();
    const paths = ['/', '/catalog', `/files/${file.id}`, '/wallet', '/purchases', '/notifications', '/packages', '/profile', '/no/such/page'];
    for (const path of paths) {
        const headers = (await page.goto(path))!.headers();
        await expect(page.locator('html[data-ready]')).toBeAttached();
        const policy = headers['content-security-policy'] ?? '';
        expect(policy, path).toContain("default-src 'none'");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).toContain("base-uri 'none'");
        expect(policy).not.toMatch(/unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)|\*/);
        nonces.add(/'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none');
        expect(headers['x-content-type-options']).toBe('nosniff');
        expect(headers['cache-control']).toMatch(/private/);
        expect(await page.locator('[style]').count(), 'no inline style').toBe(0);
    }
    expect(nonces.size, 'each answer has a nonce of its own').toBe(paths.length);
    expect(violations).toEqual([]);
});

test('an injected script does not run', async ({ page, complaints }) => {
    const violations = await watchPolicy(page);
    await open(page, '/');
    await page.evaluate(() => {
        const hostile = '<img src="data:," onerror="window.hacked = 1"><a id="hostile" href="javascript:window.hacked=1">x</a><base href="//evil.example/">';
        document.querySelector('main')!.insertAdjacentHTML('afterbegin', hostile);
    });
    await page.locator('#hostile').click();
    await expect.poll(() => violations.length).toBeGreaterThan(1);
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    complaints.length = 0;
});

test('cookies are out of reach of scripts, and nothing secret is stored elsewhere', async ({ page, context }) => {
    await open(page, '/start');
    await page.getByRole('button', { name: 'فتح حساب' }).click();
    const pin = await page.getByTestId('pin').innerText();
    await page.getByLabel('حفظتُ الرقم والرمز').check();
    await page.getByRole('button', { name: 'متابعة' }).click();
    await expect(page).toHaveURL('/activate');
    const cookies = await context.cookies();
    expect(cookies.map(({ name }) => name)).toEqual(expect.arrayContaining(['access', 'refresh']));
    for (const { name, httpOnly, sameSite, path, value } of cookies) {
        expect({ httpOnly, sameSite, path }, name).toEqual({ httpOnly: true, sameSite: 'Lax', path: '/' });
        expect(decodeURIComponent(value), 'the PIN is gone once it is kept').not.toContain(`"${pin}"`);
    }
    const reachable = await page.evaluate(() => [document.cookie, ...Object.values({ ...localStorage }), ...Object.values({ ...sessionStorage })].join());
    for (const { name, value } of cookies) {
        if (name !== 'locale' && name !== 'theme') expect(reachable).not.toContain(value);
    }
    expect(await page.content(), 'no token in the page either').not.toMatch(/eyJ[\w-]+\./);
});

test.describe('another site', () => {
    let server: Server;
    let evil: string;
    test.beforeAll(async () => {
        server = createServer((request, response) => {
            const target = decodeURIComponent(request.url!.slice(2));
            response.setHeader('Content-Type', 'text/html');
            response.end(`<title>evil</title><form method="post" action="${target}"><input name="locale" value="fr"><button>go</button></form>`);
        });
        await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
        evil = `http://localhost:${(server.address() as AddressInfo).port}`;
    });
    test.afterAll(() => void server.close());

    for (const path of ['/sign-out', '/language', '/do/mark-read', '/purchases/1/download', '/do/open-account', '/api/v1/token/']) {
        test(`can't post to ${path}`, async ({ page, context, store, baseURL }) => {
            await store.signIn(context, await store.customer());
            await page.goto(`${evil}/?${encodeURIComponent(baseURL + path)}`);
            const [answer] = await Promise.all([page.waitForResponse(baseURL + path), page.getByRole('button', { name: 'go' }).click()]);
            expect(answer.status()).toBe(403);
            expect(answer.headers()['set-cookie']).toBeUndefined();
            await page.goto('/wallet');
            await expect(page, 'still signed in').toHaveURL('/wallet');
            await expect(page.locator('html')).toHaveAttribute('lang', 'ar');
        });
    }

    test("can't show the store in a frame", async ({ page, baseURL, complaints }) => {
        await page.goto(`${evil}/?x`);
        await page.evaluate((url) => document.body.insertAdjacentHTML('beforeend', `<iframe src="${url}"></iframe>`), baseURL);
        await expect.poll(() => complaints.join()).toMatch(/frame-ancestors|X-Frame-Options|frame/i);
        await expect(page.frameLocator('iframe').getByRole('main')).toHaveCount(0);
        complaints.length = 0;
    });
});

test('a request that no browser of ours makes is refused', async ({ request, baseURL }) => {
    const strange: Record<string, string>[] = [
        { Origin: 'https://evil.example' },
        { Origin: 'null' },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
    ];
    for (const headers of strange) {
        const answer = await request.post(`${baseURL}/language`, { headers, form: { locale: 'en' } });
        expect(answer.status(), JSON.stringify(headers)).toBe(403);
    }
    expect((await request.get(`${baseURL}/sign-out`)).status(), 'state is not changed by GET').not.toBe(303);
});
