// Configuration of what becomes of traces that kept traces link to.
import { z } from 'zod';

/** Fields of `sample` about span links. */
export const linkFields = {
  links: z
    .enum(['follow', 'ignore'])
    .default('follow')
    .describe(
      'follow: where the spans of a trace that its policies keep link to traces that still wait or come within decision_wait, those are kept too, beyond budget and hard caps; ignore: links have no effect',
    ),
};
