// Configuration of `web`: the page and its API.
import { z } from 'zod';
import { hostNames, listenHost, port } from '../config/fields.ts';
import { lockFields } from '../config/listener.ts';

export const webConfig = z
  .strictObject({
    host: listenHost(),
    port: port(4320, 'page, API, health'),
    ...lockFields,
    host_names: hostNames([], 'further names the page answers to, beside localhost, addresses and its host'),
  })
  .prefault({});

export type WebConfig = z.output<typeof webConfig>;
