import { arabicDigits, expect, open, test } from '../helpers';

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('a lost serial comes back for phone and PIN', async ({ page, store }) => {
            const customer = await store.customer();
            await (script ? open(page, '/sign-in') : page.goto('/sign-in'));
            await page.getByRole('link', { name: 'ضاع الرقم التسلسلي؟' }).click();
            await expect(page.getByRole('heading', { level: 1 })).toHaveText('استعادة الحساب');
            const { phone, pin } = customer;
            await page.getByRole('textbox', { name: 'رقم الهاتف' }).fill(`${arabicDigits(phone.slice(0, 4))} ${phone.slice(4)}`);
            await page.getByLabel('الرمز السري').fill(pin === '0000' ? '1111' : '0000');
            await page.getByRole('button', { name: 'استعادة' }).click();
            await expect(page.getByRole('alert')).toContainText('لا تفتح حسابًا');
            await expect(page.getByRole('textbox', { name: 'رقم الهاتف' }), 'what was typed stays').not.toHaveValue('');
            await page.getByLabel('الرمز السري').fill(pin);
            await page.getByRole('button', { name: 'استعادة' }).click();
            await expect(page.getByRole('heading', { name: 'هذا هو الرقم التسلسلي' })).toBeVisible();
            await expect(page.getByTestId('serial')).toHaveText(customer.serial);
            await expect(page.getByRole('banner').getByRole('link', { name: /الرصيد/ }), 'signed in').toContainText('100');
        });
    });
}

test('a new PIN takes the place of the old one', async ({ page, context, store }) => {
    const customer = await store.customer();
    const wanted = customer.pin === '4821' ? '7392' : '4821';
    await store.signIn(context, customer);
    await open(page, '/profile');
    await page.getByLabel('الرمز الحالي').fill(wanted);
    await page.getByLabel('الرمز الجديد').fill(wanted);
    await page.getByRole('button', { name: 'تغيير الرمز' }).click();
    // The new one is the old one: refused before the old one is looked at. PINs are taken out before the wrong field is shown.
    await expect(page.locator('[aria-invalid=true]')).toHaveCount(1);
    await expect(page.getByLabel('الرمز الجديد')).toBeFocused();
    await expect(page.getByLabel('الرمز الحالي')).toHaveValue('');
    await page.getByLabel('الرمز الحالي').fill(customer.pin);
    await page.getByLabel('الرمز الجديد').fill(arabicDigits(wanted));
    await page.getByRole('button', { name: 'تغيير الرمز' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'تغيّر الرمز السري' })).toBeVisible();
    await store.signIn(context, { ...customer, pin: wanted });
    await page.goto('/notifications');
    await expect(page.getByRole('article').first()).toContainText(/تغيّر الرمز/);
});
