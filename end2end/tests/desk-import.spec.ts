import { randomBytes } from 'node:crypto';

import { expect, ready, test, type Page } from '../desk';

interface Stock { id: number; title: string; category_name: string; price_coins: number; kind: string; state: string }

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });
        const settled = (page: Page) => (script ? ready(page) : Promise.resolve());

        test('files are made from a table, and every line that was not taken is told', async ({ page, desk, store }) => {
            const mark = randomBytes(3).toString('hex');
            const [shelf, guide, exercises] = [`قسم ${mark}`, `دليل ${mark}`, `تمارين ${mark}`];
            await desk('manager');
            await page.goto('/admin/files');
            await settled(page);
            await page.getByRole('link', { name: 'من جدول' }).click();
            await expect(page.getByRole('heading', { level: 1 })).toHaveText('ملفات من جدول');
            await settled(page);
            const table = page.getByRole('textbox', { name: 'الجدول' });
            const make = page.getByRole('button', { name: 'إنشاء المسودات' });

            // What is no table is said beside the field, which keeps what was typed.
            await table.fill('دليل بلا أسماء أعمدة,كتب,5');
            await make.click();
            await expect(table).toHaveAttribute('aria-invalid', 'true');
            await expect(page.getByText('الصيغة غير صحيحة.').first()).toBeVisible();
            if (script) await expect(table).toHaveValue('دليل بلا أسماء أعمدة,كتب,5');

            // As a spreadsheet writes it: a description of two lines, Arabic digits, a kind that is left out.
            await settled(page);
            await table.fill(
                [
                    'العنوان,الوصف,القسم,السعر,النوع',
                    `${guide},"سطر أول`,
                    `وسطر ثان، بفاصلة",${shelf},٢٥,pdf`,
                    `بلا سعر ${mark},,${shelf},مجانًا,pdf`,
                    `${exercises},,${shelf},0,`,
                    `بلا قسم ${mark},,,40,sculpture`,
                    `,,${shelf},5,code`,
                ].join('\n'),
            );
            await make.click();
            const report = page.getByRole('main').getByRole('status');
            await expect(report).toContainText('المسودات التي أُنشئت: 2');
            await expect(report).toContainText('أسطر لم تؤخذ: 3');
            const refused = report.locator('ol > li');
            await expect(refused).toHaveCount(3);
            // Lines are counted as the spreadsheet counts them.
            await expect(refused.nth(0)).toContainText(`السطر 4 بلا سعر ${mark}`);
            await expect(refused.nth(0).getByRole('listitem')).toHaveText(['السعر: الرقم خارج الحدود.']);
            await expect(refused.nth(1)).toContainText(`السطر 6 بلا قسم ${mark}`);
            await expect(refused.nth(1)).toContainText('النوع: الصيغة غير صحيحة.');
            await expect(refused.nth(2)).toContainText('السطر 7');
            await expect(refused.nth(2).getByRole('listitem')).toHaveText(['العنوان: هذا الحقل مطلوب.']);

            // They are drafts: in the stock, with what the table says, and nobody can buy them yet.
            await page.goto(`/admin/files?q=${mark}&state=draft`);
            await expect(page.locator('tbody tr')).toHaveCount(2);
            await page.getByRole('link', { name: guide }).click();
            await expect(page.getByText('مسودة', { exact: true })).toBeVisible();
            await expect(page.getByLabel('الوصف')).toHaveValue('سطر أول\nوسطر ثان، بفاصلة');
            await expect(page.getByLabel('السعر')).toHaveValue('25');
            await expect(page.getByLabel('القسم').locator('option:checked')).toHaveText(shelf);
            const { results } = await store.asStaff<{ results: Stock[] }>('GET', `admin/files/?q=${mark}`);
            expect(results.map(({ title, kind, price_coins }) => ({ title, kind, price_coins })).sort((one, other) => one.price_coins - other.price_coins)).toEqual([
                { title: exercises, kind: 'other', price_coins: 0 },
                { title: guide, kind: 'pdf', price_coins: 25 },
            ]);
            expect((await store.files()).filter(({ title }) => title.includes(mark))).toEqual([]);
        });
    });
}

test('a table is read from a file of the reader’s device', async ({ page, desk }) => {
    await desk('manager');
    await page.goto('/admin/files/import');
    await ready(page);
    const title = `كتاب ${randomBytes(3).toString('hex')}`;
    const buffer = Buffer.from(`\uFEFFtitle;category;price\r\n${title};كتب;15\r\n`);
    await page.getByLabel('ملف CSV من هذا الجهاز').setInputFiles({ name: 'جدول.csv', mimeType: 'text/csv', buffer });
    await expect(page.getByRole('textbox', { name: 'الجدول' })).toHaveValue(new RegExp(title));
    await page.getByRole('button', { name: 'إنشاء المسودات' }).click();
    await expect(page.getByRole('main').getByRole('status')).toContainText('المسودات التي أُنشئت: 1');
    await expect(page.getByRole('main').getByRole('status')).not.toContainText('أسطر لم تؤخذ');
});

test.describe('without JavaScript', () => {
    test.use({ javaScriptEnabled: false });

    test('a table full of mistakes is told of, too', async ({ page, desk }) => {
        await desk('manager');
        await page.goto('/admin/files/import');
        // Titles as long as they may be, whose report must fit into what the next page is told.
        const lines = Array.from({ length: 30 }, (_, line) => `${'عنوان طويل '.repeat(10)}${line},كتب,غالٍ`);
        await page.getByRole('textbox', { name: 'الجدول' }).fill(['العنوان,القسم,السعر', ...lines].join('\n'));
        await page.getByRole('button', { name: 'إنشاء المسودات' }).click();
        const report = page.getByRole('main').getByRole('status');
        await expect(report).toContainText('المسودات التي أُنشئت: 0');
        await expect(report).toContainText('أسطر لم تؤخذ: 30');
        await expect(report.locator('ol > li').first()).toContainText('السطر 2');
        await expect(report).toContainText('ومثلها أسطر أخرى.');
    });
});
