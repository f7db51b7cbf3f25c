import { arabicDigits, clumsily, download, expect, expectOriginal, ready, somePhone, test, type Page } from '../helpers';

/** The same words as others would spell them. */
const respelled = (title: string) =>
    title.replace(/[أإآ]/g, 'ا').replaceAll('ة', 'ه').replaceAll('ى', 'ي').replace(/^(\p{Script=Arabic})(\p{Script=Arabic})/u, '$1\u064e\u0640$2');

const balance = (page: Page) => page.getByRole('banner').getByRole('link', { name: /الرصيد/ });
const news = (page: Page) => page.getByRole('banner').getByRole('link', { name: /الإشعارات/ });

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('from nothing to a downloaded file, and in again', async ({ page, context, store, shop }, { project }) => {
            test.slow();
            const settled = () => (script ? ready(page) : Promise.resolve());
            const demo = shop.codes.filter(({ value }) => value === 500).map(({ code }) => code);
            const code = script ? demo[project.name === 'phone' ? 1 : 0] : project.name === 'phone' ? await store.code(500) : demo[2];
            const file = await store.file();
            if (script) await context.grantPermissions(['clipboard-read', 'clipboard-write']);

            // An account.
            await page.goto('/');
            await settled();
            await expect(page.getByRole('heading', { level: 1 })).toHaveText('معرفة تُحفظ، وتُقتنى بعملة');
            await page.getByRole('main').getByRole('link', { name: 'فتح حساب' }).click();
            await page.getByRole('button', { name: 'فتح حساب' }).click();
            await expect(page.getByRole('heading', { level: 1 })).toHaveText('بطاقة الحساب');
            const serial = await page.getByTestId('serial').innerText();
            const pin = await page.getByTestId('pin').innerText();
            expect(serial).toMatch(/^CUST\d{4}-[A-Z0-9]{6}$/);
            expect(pin).toMatch(/^\d{4}$/);
            if (script) {
                await page.getByRole('button', { name: 'نسخ الرقم التسلسلي' }).click();
                await expect(page.getByText('نُسخ', { exact: true })).toBeVisible();
                expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(serial);
                const picture = await download(page, page.getByRole('button', { name: 'حفظ صورة' }));
                expect(picture.suggestedFilename()).toMatch(/\.png$/);
            } else {
                await expect(page.getByRole('button', { name: 'حفظ صورة' }), 'what needs JavaScript is not shown').toBeHidden();
                await page.reload();
                await expect(page.getByTestId('pin'), 'the ticket stays until it is kept').toHaveText(pin);
            }
            await page.getByLabel('حفظتُ الرقم والرمز').check();
            await page.getByRole('button', { name: 'متابعة' }).click();

            // Activation.
            await expect(page).toHaveURL('/activate');
            await page.getByRole('textbox', { name: 'الاسم' }).fill('ليلى المنصور');
            await page.getByRole('textbox', { name: 'رقم الهاتف' }).fill(arabicDigits(somePhone()));
            await page.getByRole('button', { name: 'تفعيل' }).click();
            await expect(page.getByRole('heading', { name: 'الحساب دائم الآن' })).toBeVisible();
            await expect(balance(page)).toContainText('100');
            await page.goto('/start');
            await expect(page.getByTestId('pin'), 'the PIN was shown once').toHaveCount(0);

            // Recharge.
            await balance(page).click();
            await expect(page.getByRole('heading', { level: 1 })).toHaveText('المحفظة');
            await expect(page.getByTestId('balance')).toContainText('100');
            const field = page.getByRole('textbox', { name: 'رمز الشحن' });
            if (script) {
                await settled();
                await field.pressSequentially(clumsily(code));
                await expect(field, 'grouped as it is typed').toHaveValue(code);
            } else {
                await field.fill(clumsily(code));
            }
            await page.getByRole('button', { name: 'شحن' }).click();
            await expect(page.getByRole('status').filter({ hasText: 'وصلت العملات' })).toContainText('500');
            await expect(page.getByTestId('balance')).toContainText('600');
            await expect(balance(page)).toContainText('600');
            await expect(page.getByRole('table', { name: 'سجل الحركات' }).getByRole('row')).toHaveCount(3);

            // Search and purchase.
            await page.getByRole('navigation', { name: 'التنقل الرئيسي' }).getByRole('link', { name: 'الملفات' }).click();
            await page.getByRole('searchbox', { name: 'البحث في الملفات' }).fill(respelled(file.title));
            await page.getByRole('searchbox', { name: 'البحث في الملفات' }).press('Enter');
            await page.waitForURL(/q=/);
            await page.getByRole('article').getByRole('link', { name: file.title }).click();
            await expect(page.getByRole('heading', { level: 1 })).toHaveText(file.title);
            await page.getByRole('button', { name: 'شراء', exact: true }).click();
            await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();
            expect(new URL(page.url()).pathname, 'Download appears in place').toBe(`/files/${file.id}`);
            await expect(balance(page)).toContainText(String(600 - file.price_coins));

            // Download.
            await expectOriginal(await download(page, page.getByRole('button', { name: /^تنزيل/ })), file);
            await page.getByRole('navigation', { name: 'التنقل الرئيسي' }).getByRole('link', { name: 'المشتريات' }).click();
            const purchase = page.getByRole('article', { name: file.title });
            await expect(purchase.getByRole('img', { name: 'المحاولات المستعملة: 1 من 3' })).toBeVisible();
            await purchase.getByText('ما جرى لكل محاولة').click();
            await expect(purchase.getByText('اكتمل التنزيل')).toBeVisible();

            // Notifications: activated, recharged, bought, downloaded.
            await expect(news(page)).toHaveAccessibleName(/4 إشعارات جديدة/);
            await news(page).click();
            await expect(page.getByRole('article')).toHaveCount(4);
            await page.getByRole('button', { name: 'تعليمه مقروءًا' }).first().click();
            await expect(news(page)).toHaveAccessibleName(/3 إشعارات جديدة/);
            await page.getByRole('button', { name: 'تعليم الكل مقروءًا' }).click();
            await expect(news(page)).toHaveAccessibleName('الإشعارات');
            await expect(page.getByRole('article').getByText('جديد', { exact: true })).toHaveCount(0);

            // Out, and in again.
            await page.getByRole('banner').getByRole('link', { name: 'الحساب' }).click();
            await page.getByRole('button', { name: 'الخروج' }).click();
            await expect(page.getByRole('banner').getByRole('link', { name: 'الدخول' })).toBeVisible();
            await page.goto('/wallet');
            await expect(page).toHaveURL(/\/sign-in\?next=(\/|%2F)wallet$/);
            await settled();
            await page.getByRole('textbox', { name: 'الرقم التسلسلي' }).fill(arabicDigits(serial.toLowerCase().replace('-', ' ')));
            await page.getByLabel('الرمز السري').fill(arabicDigits(pin));
            await page.getByRole('button', { name: 'دخول' }).click();
            await expect(page).toHaveURL('/wallet');
            await expect(page.getByTestId('balance')).toContainText(String(600 - file.price_coins));
        });
    });
}
