import { expect, open, someAddress, test } from '../helpers';

const WAIT = /المتبقي حتى المحاولة التالية:\s+.*(ثانية|ثوانٍ|دقيقة)/;

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('wrong PINs lock the account, and the waiting time is told', async ({ page, browser, baseURL, store }) => {
            const customer = await store.customer();
            const wrong = customer.pin === '0000' ? '1111' : '0000';
            await (script ? open(page, '/sign-in') : page.goto('/sign-in'));
            const attempt = async (pin: string) => {
                await page.getByRole('textbox', { name: 'الرقم التسلسلي' }).fill(customer.serial);
                await page.getByLabel('الرمز السري').fill(pin);
                const answered = script ? page.waitForResponse(/\/do\/sign-in/) : page.waitForEvent('load');
                await page.getByRole('button', { name: 'دخول' }).click();
                await answered;
            };
            for (let tries = 1; tries <= 5; tries += 1) {
                await attempt(wrong);
                await expect(page.getByRole('alert')).toContainText('لا تفتح حسابًا');
                await expect(page.getByLabel('الرمز السري'), 'a wrong PIN does not stay').toHaveValue('');
                await expect(page.getByRole('textbox', { name: 'الرقم التسلسلي' })).toHaveValue(customer.serial);
            }
            await attempt(customer.pin);
            await expect(page.getByRole('alert'), 'even the right PIN has to wait').toContainText(WAIT);
            await expect(page.getByRole('alert')).toContainText('ضاع الرمز السري؟');

            // From elsewhere it is locked too, and the owner is told once the staff opens it.
            const elsewhere = await browser.newContext({ baseURL, javaScriptEnabled: true, extraHTTPHeaders: { 'X-Forwarded-For': someAddress() } });
            const tab = await elsewhere.newPage();
            await open(tab, '/sign-in');
            await tab.getByRole('textbox', { name: 'الرقم التسلسلي' }).fill(customer.serial);
            await tab.getByLabel('الرمز السري').fill(customer.pin);
            await tab.getByRole('button', { name: 'دخول' }).click();
            await expect(tab.getByRole('alert')).toContainText(WAIT);
            await store.asStaff('POST', `admin/customers/${customer.serial}/unlock/`);
            await tab.getByLabel('الرمز السري').fill(customer.pin);
            await tab.getByRole('button', { name: 'دخول' }).click();
            await expect(tab).toHaveURL('/');
            await tab.goto('/notifications');
            await expect(tab.getByRole('article').first()).toContainText('رمز');
            await elsewhere.close();
        });
    });
}

test('unknown accounts lock alike', async ({ page }) => {
    await open(page, '/sign-in');
    for (let tries = 1; tries <= 6; tries += 1) {
        await page.getByRole('textbox', { name: 'الرقم التسلسلي' }).fill('CUST2026-QQQQQQ');
        await page.getByLabel('الرمز السري').fill('1234');
        const answered = page.waitForResponse(/\/do\/sign-in/);
        await page.getByRole('button', { name: 'دخول' }).click();
        await answered;
        await expect(page.getByLabel('الرمز السري')).toHaveValue('');
        await expect(page.getByRole('alert')).toContainText(tries <= 5 ? 'لا تفتح حسابًا' : WAIT);
    }
});
