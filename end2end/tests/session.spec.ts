import { expect, open, test, type BrowserContext } from '../helpers';

const access = async (context: BrowserContext) => (await context.cookies()).find(({ name }) => name === 'access');

/** The same effect as its five minutes being over: the browser has dropped the cookie. */
const expire = (context: BrowserContext) => context.clearCookies({ name: 'access' });

async function spoil(context: BrowserContext): Promise<void> {
    const cookie = await access(context);
    await context.addCookies([{ ...cookie!, value: 'garbage.of.someone' }]);
}

for (const [what, happens] of [['expires', expire], ['turns to garbage', spoil]] as const) {
    for (const script of [true, false]) {
        test.describe(`the access token ${what} ${script ? 'with' : 'without'} JavaScript`, () => {
            test.use({ javaScriptEnabled: script });

            test('and nobody notices', async ({ page, context, store }) => {
                const customer = await store.customer(1000);
                const file = await store.file();
                await store.signIn(context, customer);
                await (script ? open(page, `/files/${file.id}`) : page.goto(`/files/${file.id}`));

                // In the middle of a purchase: a call by the script, or a posted form.
                await happens(context);
                await page.getByRole('button', { name: 'شراء', exact: true }).click();
                await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();
                expect((await access(context))?.value, 'renewed').toMatch(/^ey/);

                // A page, by address and by a link.
                await happens(context);
                await page.goto('/wallet');
                await expect(page.getByTestId('balance')).toContainText(String(1000 - file.price_coins));
                await happens(context);
                await page.getByRole('link', { name: 'المشتريات' }).first().click();
                await expect(page.getByRole('article', { name: file.title })).toBeVisible();

                // A download.
                await happens(context);
                const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /^تنزيل/ }).click()]);
                expect(await download.failure()).toBeNull();
                expect(await store.purchases(customer)).toHaveLength(1);
            });
        });
    }
}

test('two tabs that renew at once stay signed in', async ({ page, context, store }) => {
    await store.signIn(context, await store.customer());
    const other = await context.newPage();
    await expire(context);
    await Promise.all([page.goto('/wallet'), other.goto('/profile')]);
    await expect(page.getByTestId('balance')).toContainText('100');
    await expect(other).toHaveURL('/profile');
    await expire(context);
    await Promise.all([page.goto('/purchases'), other.goto('/wallet')]);
    await expect(page).toHaveURL('/purchases');
    await expect(other.getByTestId('balance')).toContainText('100');
});

test('a device that was signed out elsewhere is led to sign in', async ({ page, context, browser, store, baseURL }) => {
    const customer = await store.customer();
    await store.signIn(context, customer);
    const elsewhere = await browser.newContext({ baseURL });
    await store.signIn(elsewhere, customer);
    await open(page, '/profile');
    // The session of the account's opening, and the other browser's.
    await expect(page.getByRole('button', { name: /^إنهاء الدخول/ })).toHaveCount(2);
    for (const left of [1, 0]) {
        await page.getByRole('button', { name: /^إنهاء الدخول/ }).first().click();
        await expect(page.getByRole('button', { name: /^إنهاء الدخول/ })).toHaveCount(left);
    }
    const tab = await elsewhere.newPage();
    await tab.goto('/wallet');
    await expect(tab).toHaveURL(/\/sign-in\?next=/);
    await elsewhere.close();
});
