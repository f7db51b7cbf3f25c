import { test as base, type Member, type Role } from './helpers';

export * from './helpers';

/** `desk('manager')` signs a new member of that role in, in the test's own browser. */
export const test = base.extend<{ desk: (role: Role) => Promise<Member> }>({
    desk: async ({ context, store }, use) => {
        await use(async (role) => {
            const member = await store.member(role);
            await store.signInAtDesk(context, member);
            return member;
        });
    },
});
