import { expect, open, test } from '../helpers';

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('one wrong field is pointed to, and what was typed stays', async ({ page, context, store }) => {
            await store.signIn(context, await store.customer('temporary'));
            await (script ? open(page, '/activate') : page.goto('/activate'));
            const name = page.getByRole('textbox', { name: 'الاسم' });
            const phone = page.getByRole('textbox', { name: 'رقم الهاتف' });
            await name.fill('ليلى المنصور');
            await phone.fill('12-34');
            await page.getByRole('button', { name: 'تفعيل' }).click();
            await expect(phone).toHaveAttribute('aria-invalid', 'true');
            await expect(phone).toHaveAccessibleDescription(/رقم الهاتف من 7 إلى 15 رقمًا/);
            await expect(page.getByRole('alert')).toContainText(/\S/);
            await expect(name).toHaveValue('ليلى المنصور');
            await expect(name).not.toHaveAttribute('aria-invalid', 'true');
            await expect(phone).toHaveValue('12-34');
            if (script) await expect(phone).toBeFocused();
        });

        test('several wrong fields are listed, each with a way to it', async ({ page, context, store }) => {
            await store.signIn(context, await store.customer('temporary'));
            await (script ? open(page, '/activate') : page.goto('/activate'));
            await page.getByRole('button', { name: 'تفعيل' }).click();
            const alert = page.getByRole('alert');
            await expect(alert).toContainText('بقي أمر قبل المتابعة');
            await expect(alert.getByRole('link')).toHaveCount(2);
            if (script) await expect(page.getByRole('textbox', { name: 'الاسم' })).toBeFocused();
            await alert.getByRole('link', { name: /رقم الهاتف/ }).click();
            await expect(page.getByRole('textbox', { name: 'رقم الهاتف' })).toBeFocused();
        });

        test('a phone of another account is told', async ({ page, context, store }) => {
            const { phone } = await store.customer();
            await store.signIn(context, await store.customer('temporary'));
            await (script ? open(page, '/activate') : page.goto('/activate'));
            await page.getByRole('textbox', { name: 'الاسم' }).fill('سمير');
            await page.getByRole('textbox', { name: 'رقم الهاتف' }).fill(phone);
            await page.getByRole('button', { name: 'تفعيل' }).click();
            await expect(page.getByRole('alert')).toContainText('هذا الهاتف لحساب آخر');
            await expect(page.getByRole('textbox', { name: 'الاسم' })).toHaveValue('سمير');
            await expect(page.getByRole('textbox', { name: 'رقم الهاتف' })).toHaveValue(phone);
        });

        test('a wrong recharge code stays to be put right', async ({ page, context, store }) => {
            const code = await store.code(50);
            const wrong = code.slice(0, -1) + (code.endsWith('A') ? 'B' : 'A');
            await store.signIn(context, await store.customer());
            await (script ? open(page, '/wallet') : page.goto('/wallet'));
            const field = page.getByRole('textbox', { name: 'رمز الشحن' });
            if (script) {
                await field.pressSequentially(wrong.toLowerCase());
                await expect(page.getByText('يبدو أن حرفًا أو رقمًا كُتب خطأ')).toBeVisible();
            } else {
                await field.fill(wrong);
            }
            await page.getByRole('button', { name: 'شحن' }).click();
            await expect(field, 'it is told beside the field, once').toHaveAccessibleDescription(/لا يطابق|كُتب خطأ|خطأ/);
            await expect(page.getByText('يبدو أن حرفًا أو رقمًا كُتب خطأ')).toBeHidden();
            await expect(field).toHaveValue(wrong);
            await field.fill(code);
            await page.getByRole('button', { name: 'شحن' }).click();
            await expect(page.getByTestId('balance')).toContainText('150');
            await expect(page.getByRole('status').filter({ hasText: 'وصلت العملات' })).toContainText('50');
            await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0);
            // The same code a second time.
            await field.fill(code);
            await page.getByRole('button', { name: 'شحن' }).click();
            await expect(page.getByRole('alert')).toContainText('سبق شحن هذا الرمز');
            await expect(page.getByTestId('balance')).toContainText('150');
        });

        test('going on from the ticket asks whether it is kept', async ({ page }) => {
            await (script ? open(page, '/start') : page.goto('/start'));
            await page.getByRole('button', { name: 'فتح حساب' }).click();
            await expect(page.getByTestId('pin')).toBeVisible();
            await page.getByRole('button', { name: 'متابعة' }).click();
            await expect(page.getByTestId('pin'), 'the PIN is still there').toBeVisible();
            await expect(page).toHaveURL('/start');
        });
    });
}

test('a lost connection is told, and the form can be sent again', async ({ page, context, store, complaints }) => {
    const customer = await store.customer();
    const code = await store.code(50);
    await store.signIn(context, customer);
    await open(page, '/wallet');
    await page.getByRole('textbox', { name: 'رمز الشحن' }).fill(code);
    await page.route(/\/do\/recharge/, (route) => route.abort('connectionreset'));
    await page.getByRole('button', { name: 'شحن' }).click();
    await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'رمز الشحن' })).toHaveValue(code);
    await page.unroute(/\/do\/recharge/);
    await page.getByRole('button', { name: 'شحن' }).click();
    await expect(page.getByTestId('balance')).toContainText('150');
    // The broken line was ours.
    const ours = complaints.filter((complaint) => /ERR_CONNECTION_RESET/.test(complaint));
    expect(ours.length).toBeGreaterThan(0);
    for (const complaint of ours) complaints.splice(complaints.indexOf(complaint), 1);
});
