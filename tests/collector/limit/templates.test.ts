import { describe, expect, it } from 'vitest';
import { TEMPLATE_KINDS } from '../../../collector/src/limit/config.ts';
import { Templates } from '../../../collector/src/limit/templates.ts';
import type { AttributeValue } from '../../../collector/src/model/attributes.ts';

const templates = new Templates(TEMPLATE_KINDS);
const digest = (length: number): string => '9f86d081884c7d659a2feaa0c55ad015'.repeat(4).slice(0, length);

describe('what stands for one among many', () => {
  it.each<[AttributeValue, string]>([
    ['123e4567-e89b-12d3-a456-426614174000', '{id}'],
    ['urn:uuid:123E4567-E89B-12D3-A456-426614174000', '{id}'],
    ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '{id}'],
    ['507f1f77bcf86cd799439011', '{id}'],
    ['0x7f3a2b9c', '{id}'],
    [digest(32), '{id}'],
    [digest(40), '{hash}'],
    [digest(64), '{hash}'],
    ['dGhpcyBpcyBh4eC39HqLyjWDarjtT1', '{hash}'],
    ['10.1.2.3', '{id}'],
    ['10.1.2.3:8080', '{id}'],
    ['42', '{num}'],
    ['-3.5e10', '{num}'],
    ['1,234,567', '{num}'],
    ['2026-11-30T12:00:00Z', '{num}'],
    [42n, '{num}'],
    [0.5, '{num}'],
    ['ann@example.com', '{email}'],
    ['user-10234', 'user-{num}'],
    ['cus_NffrFeUfNV2Hib', 'cus_{id}'],
    ['sk_live_4eC39HqLyjWDarjtT1zdp7dc', 'sk_live_{id}'],
    ['/users/7', '/users/{num}'],
    ['/users/7/orders/507f1f77bcf86cd799439011/', '/users/{num}/orders/{id}/'],
    ['/search?q=shoes', '/search'],
    ['https://shop.example/items/99?ref=1', 'https://shop.example/items/{num}'],
    ['/reset/ann@example.com', '/reset/{email}'],
  ])('%s becomes %s', (value, template) => expect(templates.of(value)).toBe(template));

  it.each<[AttributeValue]>([
    ['checkout'],
    ['GET'],
    ['v1'],
    ['http2'],
    ['sha256'],
    ['utf-8'],
    ['us-east-1'],
    ['eu-west-3'],
    ['tier-2'],
    ['deadbeef'],
    ['facade'],
    ['OrderServiceV2Handler13'],
    ['NullPointerException'],
    ['application/json'],
    ['/api/v1/users'],
    ['/'],
    ['and/or'],
    ['how much is 5/7 of it'],
    [''],
    [true],
    [null],
    ['x'.repeat(5000)],
  ])('%s stays', (value) => expect(templates.of(value)).toBeUndefined());

  it('are only those of the kinds that are on', () => {
    const check = (
      kinds: readonly ('id' | 'hash' | 'number' | 'email' | 'path')[],
      value: string,
    ): string | undefined => new Templates(kinds).of(value);
    expect(check([], '42')).toBeUndefined();
    expect(check(['id'], '42')).toBeUndefined();
    expect(check(['number'], 'ann@example.com')).toBeUndefined();
    expect(check(['number'], '/users/7')).toBeUndefined();
    expect(check(['path'], '/users/7')).toBe('/users/{num}');
    expect(check(['path'], '7')).toBeUndefined();
  });
});
