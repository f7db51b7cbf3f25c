import { expect, open, ready, test, type Locator, type Page } from '../helpers';

interface Stop { name: string; outline: boolean; inside: boolean; covered: boolean }

/** What has the focus: whether that can be seen, and whether the element itself can. */
const focused = (page: Page): Promise<Stop> =>
    page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        // A link that spans its card shows its focus around the card, a control that is drawn by its label there.
        const styles = [getComputedStyle(element), getComputedStyle(element, '::after'), element.closest('label') && getComputedStyle(element.closest('label')!)];
        const outline = styles.some((style) => {
            if (!style) return false;
            const { outlineStyle, outlineWidth, boxShadow } = style;
            return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
        });
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const inside = left >= -1 && top >= -1 && right <= innerWidth + 1 && (bottom <= innerHeight + 1 || bottom - top > innerHeight);
        const hit = document.elementFromPoint((left + right) / 2, (top + Math.min(bottom, innerHeight)) / 2);
        const covered = hit !== null && !element.contains(hit) && !hit.contains(element) && hit.closest('label')?.htmlFor !== element.id;
        return { name: `${element.tagName} ${(element.textContent || element.id).trim().slice(0, 40)}`, outline, inside, covered };
    });

/** Presses Tab until something has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
    for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press('Tab');
        if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    }
    throw new Error(`Tab does not lead to ${target}`);
}

test('the skip link comes first and leads to the content', async ({ page }) => {
    await open(page, '/catalog');
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'إلى المحتوى مباشرةً' });
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport({ ratio: 1 });
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.getByRole('searchbox')).toBeFocused();
});

test('every stop of the Tab key can be seen, in the order of reading', async ({ page, context, store }) => {
    const customer = await store.customer(1000);
    await store.buy(customer, await store.file());
    await store.signIn(context, customer);
    for (const path of ['/', '/catalog', '/wallet', '/purchases', '/notifications', '/profile']) {
        await open(page, path);
        expect(await page.locator('[tabindex]:not([tabindex="0"]):not([tabindex="-1"])').count(), 'no order of its own').toBe(0);
        const seen: string[] = [];
        for (let presses = 0; presses < 60; presses += 1) {
            await page.keyboard.press('Tab');
            if (await page.evaluate(() => document.activeElement === document.body)) break;
            const { name, ...stop } = await focused(page);
            expect.soft(stop, `${path}: ${name}`).toEqual({ outline: true, inside: true, covered: false });
            seen.push(name);
        }
        expect(seen.length, path).toBeGreaterThan(8);
    }
});

test('a person without a mouse buys and downloads', async ({ page, store }) => {
    const customer = await store.customer(1000);
    const file = await store.file();
    await open(page, '/');
    await tabTo(page, page.getByRole('banner').getByRole('link', { name: 'الدخول' }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('الدخول');
    await tabTo(page, page.getByRole('textbox', { name: 'الرقم التسلسلي' }));
    await page.keyboard.type(customer.serial);
    await page.keyboard.press('Tab');
    await expect(page.getByLabel('الرمز السري'), 'the next field follows').toBeFocused();
    await page.keyboard.type(customer.pin);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL('/');
    await tabTo(page, page.getByRole('main').getByRole('link', { name: 'تصفّح الملفات' }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('الملفات');
    await expect(page.getByRole('main'), 'a new page begins at its content').toBeFocused();
    await tabTo(page, page.getByRole('searchbox'));
    await page.keyboard.type(file.title);
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=/);
    const link = page.getByRole('article').getByRole('link', { name: file.title });
    await expect(page.getByRole('article')).toHaveCount(1);
    await tabTo(page, link);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(file.title);
    await ready(page);
    await tabTo(page, page.getByRole('button', { name: 'شراء', exact: true }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();
    // The pressed button is gone; the focus must not begin at the top of the page again.
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'إلى المحتوى مباشرةً' })).not.toBeFocused();
    const button = page.getByRole('button', { name: /^تنزيل/ });
    if (!(await button.evaluate((element) => element === document.activeElement))) await tabTo(page, button);
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(await download.failure()).toBeNull();
});
