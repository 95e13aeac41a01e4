// The metrics page of families a test holds, without a server.
import { familyHead, seriesText, type TextFormat } from '../../collector/src/export/exposition.ts';
import { pageFamilies, seriesOf } from '../../collector/src/export/page-families.ts';
import type { PageFamily, PageSeries } from '../../collector/src/export/page-families.ts';
import type { NameStyle } from '../../collector/src/export/prometheus-naming.ts';
import { ProtobufFamily } from '../../collector/src/export/protobuf-exposition.ts';
import type { MetricFamily, MetricPoint } from '../../collector/src/model/metric-family.ts';

export interface PageOptions {
  readonly names?: NameStyle;
  readonly showsCreated?: boolean;
  readonly hold?: (series: string, point: MetricPoint) => boolean;
}

/** Every family with its series; families that are left out are told to `leftOut`. */
export function pageOf(
  families: Iterable<MetricFamily>,
  names: NameStyle = 'translated',
  leftOut: (family: MetricFamily) => void = () => {},
): { family: PageFamily; series: PageSeries[] }[] {
  return pageFamilies(families, names, leftOut).map((family) => ({ family, series: seriesIn(family, names) }));
}

function seriesIn(family: PageFamily, names: NameStyle): PageSeries[] {
  const gathering = seriesOf(family, names);
  for (;;) {
    const { done, value } = gathering.next();
    if (done === true) return [...value];
  }
}

/** The page as text, without the mark at the end of OpenMetrics. */
export function pageText(families: Iterable<MetricFamily>, format: TextFormat, options: PageOptions = {}): string {
  const { names, showsCreated = false, hold = () => false } = options;
  return pageOf(families, names)
    .filter(({ series }) => series.length > 0)
    .map(({ family, series }) => {
      const lines = series.map((each) => seriesText(family, each, { format, showsCreated, hold }));
      return familyHead(family, format) + lines.join('');
    })
    .join('');
}

/** The page as protobuf. */
export function pageMessages(
  families: Iterable<MetricFamily>,
  { names, hold = () => false }: PageOptions = {},
): Buffer {
  return Buffer.concat(
    pageOf(families, names).map(({ family, series }) => {
      const message = new ProtobufFamily(family, hold);
      for (const each of series) message.add(each);
      return message.finish();
    }),
  );
}
