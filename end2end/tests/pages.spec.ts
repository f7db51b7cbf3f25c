import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '../helpers';
import { overflow, reach, STATES } from '../pages';

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function violations(page: Page, colorScheme: 'light' | 'dark'): Promise<string[]> {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // The legacy mode saves a window of its own for each analysis; it differs in pages with frames alone.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    // Nothing but colours changes between the two.
    const { violations } = await (colorScheme === 'light' ? axe.withTags(STANDARDS) : axe.withRules('color-contrast')).analyze();
    return violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, any }) => `${id}: ${help} at ${target.join(' ')} ${any.map(({ message }) => message).join(' ')}`),
    );
}

for (const state of STATES) {
    test(`${state.name} fits, is accessible in light and dark, and loads without complaint`, async ({ page, store }) => {
        const failed: string[] = [];
        page.on('response', (response) => {
            const expected = response.request().resourceType() === 'document' || response.request().method() === 'POST';
            if (response.status() >= 400 && !expected) failed.push(`${response.status()} ${response.url()}`);
        });
        expect(await reach(page, store, state)).toBe(state.status ?? 200);
        await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
        await expect(page).toHaveTitle(/\S.*خزنة|خزنة.*\S/);
        expect(await overflow(page)).toEqual([]);
        for (const colorScheme of ['light', 'dark'] as const) {
            expect.soft(await violations(page, colorScheme), colorScheme).toEqual([]);
        }
        expect(failed).toEqual([]);
    });
}

test('the chosen appearance is kept', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto('/');
    await expect(page.locator('html[data-ready]')).toBeAttached();
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    const theme = page.getByRole('group', { name: 'المظهر' });
    await Promise.all([page.waitForResponse(/\/do\/theme/), theme.getByRole('button', { name: 'داكن' }).click()]);
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expect.poll(ground).not.toBe(light);
    await page.goto('/catalog');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expect(theme.getByRole('button', { name: 'داكن' })).toHaveAttribute('aria-pressed', 'true');
});
