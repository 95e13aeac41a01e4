// From what is written as a target to the address that is asked.
import { describe, expect, it } from 'vitest';
import { targetProblem, targetsOf } from '../../../collector/src/scrape/targets.ts';
import { rules } from '../../support/scraped.ts';

const GROUP = { name: 'shop', scheme: 'http', metrics_path: '/metrics', labels: {}, relabel: [] } as const;

/** Address, job, instance and labels. */
function check(
  target: string,
  expected: readonly string[],
  changed: Partial<Parameters<typeof targetsOf>[0]> = {},
): void {
  const found = targetsOf({ ...GROUP, targets: [target], ...changed });
  const texts = found.map(({ url, jobLabel, instance, labels }) => {
    return [url.href, jobLabel, instance, ...[...labels].map(([key, value]) => `${key}=${value}`)].join(' ');
  });
  expect(texts).toEqual(expected);
}

describe('a target', () => {
  it('is host and port, or a URL', () => {
    check('h:9100', ['http://h:9100/metrics shop h:9100']);
    check('h', ['http://h/metrics shop h:80']);
    check('h', ['https://h/m shop h:443'], { scheme: 'https', metrics_path: '/m' });
    check('https://h', ['https://h/metrics shop h:443']);
    check('http://h:1/', ['http://h:1/ shop h:1']);
    check('http://h:1/a/b?x=1&y=a%20b', ['http://h:1/a/b?x=1&y=a+b shop h:1']);
    check('[::1]:9100', ['http://[::1]:9100/metrics shop [::1]:9100']);
    check('h:9100', ['http://h:9100/probe?module=a shop h:9100'], { metrics_path: '/probe?module=a' });
  });

  it('that is wrong is said to be', () => {
    for (const text of ['h:9100', 'h', 'http://h/x', '[::1]:9100', '10.0.0.1:80'])
      expect(targetProblem(text)).toBeUndefined();
    for (const text of ['', 'h:x', 'h:99999', 'ftp://h', 'h/m', 'u:p@h:1', 'http://u@h', 'http://h/#a', 'a b'])
      expect([text, targetProblem(text)]).toEqual([text, expect.any(String)]);
  });

  it('has labels, by which it may be kept, renamed and sent elsewhere', () => {
    check('h:1', ['http://h:1/metrics shop h:1 zone=z'], { labels: { zone: 'z', none: '' } });
    check('h:1', [], { relabel: rules({ source_labels: ['__address__'], regex: 'h:.*', action: 'drop' }) });
    check('h:1', ['http://h:1/metrics eu-shop other'], {
      relabel: rules(
        { source_labels: ['job'], target_label: 'job', replacement: 'eu-$1' },
        { target_label: 'instance', replacement: 'other' },
      ),
    });
    check('site.example', ['http://prober:9115/probe?target=site.example%3A80 shop site.example:80'], {
      metrics_path: '/probe',
      relabel: rules(
        { source_labels: ['__address__'], target_label: '__param_target' },
        { source_labels: ['__param_target'], target_label: 'instance' },
        { target_label: '__address__', replacement: 'prober:9115' },
      ),
    });
  });

  it('is scraped once though it is written twice', () => {
    check('h:1', ['http://h:1/metrics shop h:1'], { targets: ['h:1', 'http://h:1'] });
  });
});
