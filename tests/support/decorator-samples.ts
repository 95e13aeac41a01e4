// What the sample classes of tests/fixtures/decorators print under every compiler.

/** Of both.ts. */
export const BOTH = {
  returned: [6, 3, ['tea'], [3], 12, 'cup', 'a', 1, 1, 1, 'sync', 1],
  spans: (
    'orders.feed orders.find orders.find orders.find orders.items orders.later orders.parse ' +
    'orders.sync orders.sync orders.typed stock.add stock.count stock.open'
  ).split(' '),
  emitted: [] as string[],
};

/** Of both.ts where types are emitted with decorators. */
export const BOTH_WITH_TYPES = {
  ...BOTH,
  emitted: ['design:returntype sync', 'design:paramtypes sync', 'design:type sync'],
};

/** Of standard.ts. */
export const STANDARD = { returned: [2, 5], spans: ['till.hidden', 'till.field', 'till.shared'], emitted: [] };
