import { expect, open, test, type Page } from '../helpers';

const balance = (page: Page) => page.getByRole('banner').getByRole('link', { name: /الرصيد/ });
const news = (page: Page) => page.getByRole('banner').getByRole('link', { name: /الإشعارات/ });

test('a purchase in one tab shows in the other without a reload', async ({ page, context, store }) => {
    const customer = await store.customer(1000);
    const file = await store.file();
    await store.signIn(context, customer);
    const other = await context.newPage();
    await Promise.all([other.waitForResponse(/\/live$/), open(other, '/wallet')]);
    await other.evaluate(() => Object.assign(window, { untouched: true }));
    const before = await news(other).innerText();

    await open(page, `/files/${file.id}`);
    await page.getByRole('button', { name: 'شراء', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();

    const left = String(1000 - file.price_coins);
    await expect(balance(other)).toContainText(left);
    await expect(other.getByTestId('balance')).toContainText(left);
    await expect(news(other)).not.toHaveText(before);
    await expect(other.getByRole('table', { name: 'سجل الحركات' })).toContainText(file.title);
    expect(await other.evaluate(() => 'untouched' in window)).toBe(true);

    await open(page, '/notifications');
    await page.getByRole('button', { name: 'تعليم الكل مقروءًا' }).click();
    await expect(news(other)).toHaveAccessibleName('الإشعارات');
});

test('coins from the staff and a refund arrive while one looks', async ({ page, context, store }) => {
    const customer = await store.customer(1000);
    const purchase = await store.buy(customer, await store.file());
    await store.signIn(context, customer);
    await Promise.all([page.waitForResponse(/\/live$/), open(page, '/purchases')]);
    await store.asStaff('POST', 'direct-recharge/', { customer_serial: customer.serial, coin_amount: 2000 });
    await expect(balance(page)).toContainText(/[23],\d{3}/);
    await store.refund(purchase);
    await expect(balance(page)).toContainText('3,000');
    await expect(page.getByText('أُعيد ثمن هذا الملف')).toBeVisible();
});

const TYPED = [
    ['/catalog', 'البحث في الملفات', 'search'],
    ['/wallet', 'رمز الشحن', 'wallet'],
    ['/profile', 'الرمز الحالي', 'profile'],
] as const;

for (const [path, label, refetched] of TYPED) {
    test(`news from outside take nothing that is being typed on ${path}`, async ({ page, context, store }) => {
        const customer = await store.customer(1000);
        await store.signIn(context, customer);
        await Promise.all([page.waitForResponse(/\/live$/), open(page, path)]);
        const field = page.getByLabel(label);
        await field.fill('ABCD-23');
        const again = page.waitForResponse(new RegExp(`/do/${refetched}`), { timeout: 5_000 }).catch(() => undefined);
        await store.asStaff('POST', 'direct-recharge/', { customer_serial: customer.serial, coin_amount: 500 });
        await expect(balance(page)).toContainText('1,500');
        // What the page shows may be fetched anew; two frames later it stands there.
        await again;
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        await expect(field).toHaveValue('ABCD-23');
        await expect(field).toBeFocused();
    });
}
