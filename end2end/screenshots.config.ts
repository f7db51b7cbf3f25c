import { defineConfig } from '@playwright/test';
import { browser } from './browser';

// `SCREENSHOTS=/some/folder npm run screenshots`: every page in every state, for people to look at.
export default defineConfig({
    ...browser,
    testDir: '.',
    testMatch: 'screenshots.ts',
    timeout: 120_000,
    projects: [
        { name: '1280', use: { viewport: { width: 1280, height: 800 } } },
        { name: '360', use: { viewport: { width: 360, height: 740 } } },
    ],
});
