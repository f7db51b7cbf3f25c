import { expect, ready, test as base } from '../helpers';
import { LONG_TITLE, overflow, reach, STATES } from '../pages';
import { start, type Shop } from '../store';
import { content, untranslated } from '../words';

const test = base.extend<{}, { shop: Shop }>({
    /** A store of its own, where nobody writes anything but what is known here. */
    shop: [
        async ({}, use) => {
            const { shop, stop } = await start();
            await use(shop);
            await stop();
        },
        { scope: 'worker' },
    ],
});

/** What the states' customers and staff wrote. */
const WRITTEN = ['سارة العلي', 'تجربة', 'دليل لم يُنشر', 'دليل الشبكات.pdf', LONG_TITLE];

// French words are the longest, and so the first that are too long for a phone. The pages of links, which have no settings, go by the
// browser's language.
test.use({ locale: 'fr' });

for (const state of STATES) {
    test(`${state.name} fits in French and is translated`, async ({ page, context, store }) => {
        const proven = async (tag: 'en' | 'fr') => {
            await expect(page.locator('html')).toHaveAttribute('lang', tag);
            expect.soft(await overflow(page), tag).toEqual([]);
            expect.soft(await untranslated(page, tag, written), tag).toEqual([]);
        };
        expect(await reach(page, store, state, 'fr')).toBe(state.status ?? 200);
        const written = [...(await content(store)), ...WRITTEN];
        await proven('fr');
        // The shop's pages are read in English elsewhere.
        if (!state.name.startsWith('desk')) return;
        await store.choose(context, 'en');
        await page.reload();
        await ready(page);
        await proven('en');
    });
}
