import { download, expect, expectOriginal, open, someAddress, test, type Customer, type File, type Store } from '../helpers';
import { almost, claimed } from '../pages';

async function freshLink(store: Store): Promise<{ customer: Customer; file: File; link: string; purchase: number }> {
    const customer = await store.customer(1000);
    const file = await store.file();
    const purchase = await store.buy(customer, file);
    return { customer, file, purchase, link: await store.press(customer, purchase) };
}

const attempts = async (store: Store, customer: Customer) => (await store.purchases(customer))[0].attempts.map(({ state }) => state);

test('opening a link shows a button and consumes nothing', async ({ page, request, browser, baseURL, store }) => {
    const { customer, file, link } = await freshLink(store);
    // Preview bots and scanners come first.
    for (const agent of ['WhatsApp/2.23', 'TelegramBot (like TwitterBot)', 'facebookexternalhit/1.1']) {
        expect((await request.get(link, { headers: { 'User-Agent': agent } })).status()).toBe(200);
        expect((await request.head(link, { headers: { 'User-Agent': agent } })).status()).toBe(200);
    }
    await page.goto(link);
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('الملف جاهز للتنزيل');
    await expect(page.getByText(file.file_name)).toBeVisible();
    await expect(page.getByText('الرابط صالح لمدة ساعتين')).toBeVisible();
    expect(await attempts(store, customer)).toEqual(['issued']);

    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'تنزيل الملف' }).click()]);
    await expectOriginal(download, file);
    await expect.poll(() => attempts(store, customer)).toEqual(['complete']);

    // Another browser comes too late; the first one is told that it has the file.
    const second = await browser.newContext({ baseURL, locale: 'ar', extraHTTPHeaders: { 'X-Forwarded-For': someAddress() } });
    const tab = await second.newPage();
    await tab.goto(link);
    await expect(tab.getByRole('heading', { level: 1 })).toHaveText('استُعمل هذا الرابط');
    await expect(tab.getByRole('button')).toHaveCount(0);
    expect((await second.request.post(link)).status()).toBe(409);
    expect((await second.request.get(download.url())).status(), 'the address of the file is of no use elsewhere').toBe(403);
    await second.close();
    await page.goto(link);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/اكتمل التنزيل|استكمال التنزيل/);
    expect(await attempts(store, customer)).toEqual(['complete']);
});

test('of two browsers that press at once, one wins', async ({ browser, baseURL, store }) => {
    const { customer, link } = await freshLink(store);
    const contexts = await Promise.all([1, 2, 3, 4].map(() => browser.newContext({ baseURL })));
    const answers = await Promise.all(contexts.map((context) => context.request.post(link, { maxRedirects: 0 })));
    expect(answers.map((answer) => answer.status()).sort()).toEqual([303, 409, 409, 409]);
    expect(await attempts(store, customer)).toEqual(['claimed']);
    await Promise.all(contexts.map((context) => context.close()));
});

test('the link speaks the language of its reader', async ({ browser, baseURL, store }) => {
    const { link } = await freshLink(store);
    for (const [locale, direction, heading] of [['en', 'ltr', /ready|download/i], ['fr', 'ltr', /prêt|télécharg/i], ['ar', 'rtl', /جاهز/]] as const) {
        const context = await browser.newContext({ baseURL, locale });
        const page = await context.newPage();
        await page.goto(link);
        await expect(page.locator('html')).toHaveAttribute('dir', direction);
        await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
        await context.close();
    }
});

test('a refund closes the link at once', async ({ page, store }) => {
    const { link, purchase } = await freshLink(store);
    await page.goto(link);
    await store.refund(purchase);
    await page.getByRole('button', { name: 'تنزيل الملف' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('أُلغي هذا الرابط');
});

test('two hours without a press give the attempt back, and the next press a new link', async ({ page, context, store }) => {
    const { customer, file, link, purchase } = await freshLink(store);
    store.passTwoHours(purchase);
    expect((await page.goto(link))?.status()).toBe(410);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('انتهت مدة الرابط');
    await expect(page.getByRole('main')).toContainText('عادت المحاولة ولم تُحتسب');
    await expect(page.getByRole('button')).toHaveCount(0);
    expect((await page.request.post(link, { maxRedirects: 0 })).status()).toBe(410);
    await store.signIn(context, customer);
    await page.getByRole('link', { name: 'إلى المشتريات' }).click();
    await expect(page.getByRole('img', { name: 'المحاولات المستعملة: 0 من 3' })).toBeVisible();
    await open(page, '/purchases');
    await expectOriginal(await download(page, page.getByRole('button', { name: /^تنزيل/ })), file);
});

test('a download that was begun goes on in its browser for two hours, and no longer', async ({ page, store }) => {
    const { customer, file, link, purchase } = await freshLink(store);
    const address = await claimed(page, link);
    await page.goto(link);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('استكمال التنزيل');
    await expect(page.getByText('يبقى الرابط مفتوحًا لمدة ساعتين')).toBeVisible();
    await expectOriginal(await download(page, page.getByRole('button', { name: 'تنزيل الملف' })), file);
    await expect.poll(() => attempts(store, customer)).toEqual(['complete']);
    await page.goto(link);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('اكتمل التنزيل');

    store.passTwoHours(purchase);
    expect((await page.goto(link))?.status()).toBe(410);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/انته/);
    expect((await page.request.get(address)).status(), 'nor does its cookie help').toBe(410);
    expect(await attempts(store, customer), 'what arrived has arrived').toEqual(['complete']);
});

test('a link that has too little left for the whole file says so, and leads to a new attempt', async ({ page, context, store }) => {
    const { customer, file, link } = await freshLink(store);
    const address = await claimed(page, link);
    await almost(page, address);
    expect((await page.request.get(address)).status()).toBe(410);
    await page.goto(link);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('تلزم محاولة جديدة');
    await expect(page.getByRole('button')).toHaveCount(0);
    await store.signIn(context, customer);
    await page.getByRole('link', { name: 'إلى المشتريات' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('المشتريات');
    await open(page, '/purchases');
    await expectOriginal(await download(page, page.getByRole('button', { name: /^تنزيل/ })), file);
    await expect.poll(async () => (await attempts(store, customer)).length).toBe(2);
});

test('a changed link leads nowhere', async ({ page, store }) => {
    const { customer, link } = await freshLink(store);
    const changed = link.slice(0, -1) + (link.endsWith('A') ? 'B' : 'A');
    for (const address of [changed, link.slice(0, -4), `${link}/x`]) {
        expect((await page.goto(address))?.status(), address).toBe(404);
    }
    expect(await attempts(store, customer)).toEqual(['issued']);
});
