import { expect, open, test, type File, type Page } from '../helpers';

const titles = (page: Page) => page.getByRole('article').getByRole('heading').allInnerTexts();
const byPrice = (one: File, other: File) => one.price_coins - other.price_coins;

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('files are filtered and ordered', async ({ page, store }) => {
            const files = await store.files();
            await (script ? open(page, '/catalog') : page.goto('/catalog'));
            const choose = async (label: string, option: { label: string } | { value: string }) => {
                await page.getByLabel(label).selectOption(option);
                // With JavaScript it applies by itself.
                if (!script) await page.getByRole('button', { name: 'بحث' }).click();
            };
            const designs = files.filter(({ kind }) => kind === 'design').sort(byPrice);
            await choose('النوع', { label: 'تصميم' });
            await expect(page).toHaveURL(/kind=design/);
            await expect(page.getByRole('article')).toHaveCount(designs.length);
            await choose('الترتيب', { label: 'الأقل سعرًا' });
            await expect(page).toHaveURL(/sort=price/);
            await expect.poll(async () => (await titles(page))[0]).toBe(designs[0].title);
            await choose('الترتيب', { label: 'الأعلى سعرًا' });
            await expect.poll(async () => (await titles(page))[0]).toBe(designs.at(-1)!.title);
            const { category_name } = files.find(({ kind }) => kind === 'design')!;
            await choose('القسم', { label: category_name });
            await expect(page).toHaveURL(/category=\d/);
            await expect(page.getByRole('article')).toHaveCount(designs.filter((file) => file.category_name === category_name).length);
            await expect(page.getByLabel('القسم').locator('option:checked')).toHaveText(category_name);
            await page.goBack();
            await expect(page).not.toHaveURL(/category=\d/);
            await expect(page.getByRole('article')).toHaveCount(designs.length);
        });

        test('the pages of the catalog hold every file once', async ({ page, store }) => {
            const files = await store.files();
            await (script ? open(page, '/catalog') : page.goto('/catalog'));
            const seen = await titles(page);
            const pages = page.getByRole('navigation', { name: 'الصفحات' });
            await pages.getByRole('link', { name: 'التالي' }).click();
            await expect(pages.getByRole('link', { name: 'السابق' })).toBeVisible();
            await expect(page.getByRole('article')).toHaveCount(files.length - seen.length);
            seen.push(...(await titles(page)));
            expect(seen.sort()).toEqual(files.map(({ title }) => title).sort());
        });

        test('a search that finds nothing says what to do next', async ({ page }) => {
            await (script ? open(page, '/catalog?kind=pdf') : page.goto('/catalog?kind=pdf'));
            await page.getByRole('searchbox').fill('زرافة');
            await page.getByRole('button', { name: 'بحث' }).click();
            await expect(page.getByRole('heading', { name: 'لا ملف بهذا الوصف بعد' })).toBeVisible();
            await page.getByRole('link', { name: 'إزالة التصفية' }).click();
            await expect(page).toHaveURL('/catalog');
            await expect(page.getByRole('article').first()).toBeVisible();
            await expect(page.getByRole('searchbox')).toHaveValue('');
        });
    });
}

test('every free preview can be seen', async ({ page, request, store }) => {
    const files = await store.call<(File & { preview_url: string | null })[]>('GET', 'products/files/?per_page=100');
    const previewed = files.filter(({ preview_url }) => preview_url);
    expect(previewed.length).toBeGreaterThan(0);
    for (const { id, preview_url } of previewed) {
        await page.goto(`/files/${id}`);
        await expect(page.getByRole('link', { name: 'معاينة مجانية' })).toHaveAttribute('href', preview_url!);
        const headers = (await request.get(preview_url!)).headers();
        expect(headers['content-type']).toMatch(/^(image\/(png|jpeg|webp)|application\/pdf)$/);
        // Chromium's own viewer of PDFs is subject to the document's policy (crbug.com/271452).
        if (headers['content-type'] === 'application/pdf') expect(headers['content-security-policy'] ?? '').not.toMatch(/default-src|object-src/);
    }
});

test('a file that is not there is told with 404', async ({ page }) => {
    for (const path of ['/files/999999', '/files/abc', '/files/-1', '/files/99999999999999999999', '/no/such/page', '/admin/no/such']) {
        expect((await page.goto(path))!.status(), path).toBe(404);
        await expect(page.getByRole('heading', { level: 1 })).toHaveText(/لا صفحة في هذا العنوان|هذا الملف غير موجود/);
    }
});
