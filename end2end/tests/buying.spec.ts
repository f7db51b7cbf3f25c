import { expect, open, test } from '../helpers';

test('an owned file offers Download instead of Buy', async ({ page, context, store }) => {
    const customer = await store.customer(1000);
    const file = await store.file();
    await store.buy(customer, file);
    await store.signIn(context, customer);
    await open(page, `/files/${file.id}`);
    await expect(page.getByRole('heading', { name: 'هذا الملف في المشتريات' })).toBeVisible();
    await expect(page.getByRole('button', { name: /^تنزيل/ })).toBeVisible();
    await expect(page.getByRole('button', { name: 'شراء', exact: true })).toHaveCount(0);
    await page.goto('/catalog?sort=price');
    await expect(page.getByRole('article').filter({ hasText: file.title })).toContainText('في المشتريات');
});

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('too few coins lead to the wallet', async ({ page, context, store }) => {
            const customer = await store.customer();
            const file = await store.file(100);
            await store.signIn(context, customer);
            await page.goto(`/files/${file.id}`);
            await expect(page.getByText(/تنقص الرصيد/)).toContainText(String(file.price_coins - 100));
            await expect(page.getByRole('button', { name: 'شراء', exact: true })).toHaveCount(0);
            await page.getByRole('main').getByRole('link', { name: 'شحن الرصيد' }).click();
            await expect(page).toHaveURL('/wallet');
            await expect(page.getByRole('textbox', { name: 'رمز الشحن' })).toBeVisible();
        });

        test('a visitor who wants a file is led there again after signing in', async ({ page, store }) => {
            const customer = await store.customer(1000);
            const file = await store.file();
            await (script ? open(page, `/files/${file.id}`) : page.goto(`/files/${file.id}`));
            await page.getByRole('link', { name: 'الدخول للشراء' }).click();
            await page.getByRole('textbox', { name: 'الرقم التسلسلي' }).fill(customer.serial);
            await page.getByLabel('الرمز السري').fill(customer.pin);
            await page.getByRole('button', { name: 'دخول' }).click();
            await expect(page).toHaveURL(`/files/${file.id}`);
            await expect(page.getByRole('button', { name: 'شراء', exact: true })).toBeVisible();
        });

        test('a second press of Buy buys nothing more', async ({ page, context, store }) => {
            const customer = await store.customer(1000);
            const file = await store.file();
            await store.signIn(context, customer);
            await (script ? open(page, `/files/${file.id}`) : page.goto(`/files/${file.id}`));
            await page.getByRole('button', { name: 'شراء', exact: true }).dblclick();
            await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();
            await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0);
            expect(await store.balance(customer)).toBe(1000 - file.price_coins);
            expect(await store.purchases(customer)).toHaveLength(1);
        });

        test('a second press of Download takes one attempt', async ({ page, context, store }) => {
            const customer = await store.customer(1000);
            const file = await store.file();
            await store.buy(customer, file);
            await store.signIn(context, customer);
            await (script ? open(page, '/purchases') : page.goto('/purchases'));
            const button = page.getByRole('button', { name: /^تنزيل/ });
            const [download] = await Promise.all([page.waitForEvent('download'), button.dblclick()]);
            await download.path().catch(() => undefined);
            await expect.poll(async () => (await store.purchases(customer))[0].attempts.map(({ state }) => state)).toEqual(['complete']);
            expect((await store.purchases(customer))[0].downloads_count).toBe(1);
        });
    });
}

test('a temporary account is led to activation', async ({ page, context, store }) => {
    const file = await store.file();
    await store.signIn(context, await store.customer('temporary'));
    await open(page, `/files/${file.id}`);
    await page.getByRole('link', { name: 'تفعيل الحساب للشراء' }).click();
    await expect(page).toHaveURL('/activate');
    await page.getByRole('link', { name: 'لاحقًا' }).click();
    await expect(page).toHaveURL('/catalog');
});

test('a subscription takes files without coins', async ({ page, context, store }) => {
    const customer = await store.customer(900);
    const file = (await store.files()).at(-1)!;
    await store.signIn(context, customer);
    await open(page, '/packages');
    const month = page.getByRole('article').filter({ has: page.getByRole('button', { name: 'اشتراك' }) }).first();
    await month.getByRole('button', { name: 'اشتراك' }).dblclick();
    await expect(page.getByText('اشتراك جارٍ')).toBeVisible();
    await expect(page.getByRole('banner').getByRole('link', { name: /الرصيد/ })).toContainText('100');
    await page.goto(`/files/${file.id}`);
    await expect(page.locator('html[data-ready]')).toBeAttached();
    await page.getByRole('button', { name: 'أخذه بالاشتراك' }).click();
    await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();
    expect(await store.balance(customer)).toBe(100);
});
