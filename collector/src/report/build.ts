// Which sections a report has: the one place where daily, weekly and monthly differ.
import { callSentence, daySection, errorSection, growthSection, improvementSection, operationSection, slowestGrowth } from './call-sections.ts'; // prettier-ignore
import { dayText } from './cells.ts';
import type { ReportKind, ReportRequest } from './contract.ts';
import type { ReportDocument, Section } from './document.ts';
import { cleanupSection, costSentence, coverageSection, coverageSentence, llmSection, upkeepSection } from './keeping-sections.ts'; // prettier-ignore
import { capacitySection, nextLimit, resourceSection } from './resource-sections.ts';
import { incidentSection, opportunitySection, violationSection, violationSentence, worstIncident } from './violation-sections.ts'; // prettier-ignore

type MakeSection = (request: ReportRequest) => Section;

const SECTIONS: Readonly<Record<ReportKind, readonly MakeSection[]>> = {
  daily: [violationSection, operationSection, errorSection, resourceSection, coverageSection, cleanupSection],
  weekly: [
    daySection,
    violationSection,
    incidentSection,
    operationSection,
    opportunitySection,
    capacitySection,
    coverageSection,
    upkeepSection,
  ],
  monthly: [
    growthSection,
    daySection,
    llmSection,
    improvementSection,
    incidentSection,
    opportunitySection,
    capacitySection,
  ],
};

const TITLES: Readonly<Record<ReportKind, string>> = {
  daily: 'Daily report',
  weekly: 'Weekly report',
  monthly: 'Monthly report',
};

/** Makes a report. Nothing of the facts is changed; the same request gives the same report. */
export function buildReport(request: ReportRequest): ReportDocument {
  const { kind, source, generatedMs, facts } = request;
  const { fromMs, toMs } = facts.period;
  const last = dayText(toMs - 1);
  const days = dayText(fromMs) === last ? last : `${dayText(fromMs)} to ${last}`;
  return {
    kind,
    title: `${TITLES[kind]}, ${days}`,
    source,
    fromMs,
    toMs,
    generatedMs,
    summary: summaryOf(request),
    sections: SECTIONS[kind].map((make) => make(request)),
  };
}

function summaryOf(request: ReportRequest): string[] {
  const { kind, facts, before } = request;
  const sentences = [
    violationSentence(facts, before),
    kind === 'daily' ? undefined : worstIncident(facts),
    callSentence(facts, before),
    slowestGrowth(request),
    nextLimit(facts.resources),
    kind === 'monthly' ? costSentence(facts.llm) : coverageSentence(facts.coverage),
  ];
  return sentences.filter((sentence) => sentence !== undefined);
}
