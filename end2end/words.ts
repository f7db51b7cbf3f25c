/** What the store says, in its three languages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Page, Store } from './helpers';

type Texts = { [key: string]: string | Texts };

const leaves = (texts: Texts, path = ''): [string, string][] =>
    Object.entries(texts).flatMap(([key, text]) => (typeof text === 'string' ? [[`${path}.${key}`, text]] : leaves(text, `${path}.${key}`)));

/** Arabic words, and what stands in their place in other languages. */
const TRANSLATIONS = new Map<string, Set<string>>();
for (const folder of ['app', 'app/dashboard']) {
    const [arabic, ...others] = ['ar', 'en', 'fr'].map(
        (tag) => new Map(leaves(JSON.parse(readFileSync(join(__dirname, '..', folder, 'locales', `${tag}.json`), 'utf8')))),
    );
    for (const [key, text] of arabic) {
        const known = TRANSLATIONS.get(text) ?? TRANSLATIONS.set(text, new Set([text])).get(text)!;
        for (const other of others) known.add(other.get(key) ?? text);
    }
}

/** What a person finds who reads Arabic, English or French: the Arabic words, or what stands in their place. */
export function said(arabic: string): RegExp {
    const words = TRANSLATIONS.get(arabic);
    if (!words) throw new Error(`the store nowhere says «${arabic}»`);
    return new RegExp(`^\\s*(${[...words].map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})\\s*$`);
}

/** What sellers and customers wrote: it stays in its own language. */
export async function content(store: Store): Promise<string[]> {
    const [files, packages, categories] = await Promise.all([
        store.files(),
        store.call<{ name: string; description: string }[]>('GET', 'sales/packages/'),
        store.call<{ name: string }[]>('GET', 'products/categories/'),
    ]);
    const texts = [
        ...files.flatMap(({ title, description, file_name }) => [title, description, file_name]),
        ...packages.flatMap(({ name, description }) => [name, description]),
        ...categories.map(({ name }) => name),
    ];
    return texts.flatMap((text) => text.split(/\s*\n\s*/)).sort((one, other) => other.length - one.length);
}

/** All that a person sees or hears on the page, except its content and the names of languages. */
async function spoken(page: Page, ignored: string[]): Promise<string[]> {
    const texts = await page.evaluate(() => {
        const found: string[] = [document.title];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (!node.parentElement?.closest('script, style, button[name=locale]')) found.push(node.textContent ?? '');
        }
        for (const element of document.body.querySelectorAll('[aria-label], [alt], [title], [placeholder], [data-label]')) {
            for (const name of ['aria-label', 'alt', 'title', 'placeholder', 'data-label']) found.push(element.getAttribute(name) ?? '');
        }
        return found;
    });
    return texts.map((text) => ignored.reduce((rest, known) => rest.replaceAll(known, ''), text.replace(/\s*\n\s*/g, ' '))).filter((text) => text.trim());
}

/** What stands on the page in another language than the reader's: `ignored` is content, in whatever language it was written. */
export async function untranslated(page: Page, tag: 'ar' | 'en' | 'fr', ignored: string[]): Promise<string[]> {
    // In Arabic, Latin letters are names of things; elsewhere no Arabic letter is the store's own.
    const names = /PDF|CUST|JavaScript|English|Français|Chrome|Linux|ABCD-EFGH-JKLM-NPQR|Sara/g;
    const foreign = tag === 'ar' ? /[A-Za-z]{2,}/ : /\p{Script=Arabic}/u;
    return (await spoken(page, ignored)).map((text) => text.replace(names, '')).filter((text) => foreign.test(text));
}
