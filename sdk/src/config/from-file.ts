// What is loaded where a file configures the program, at once: one reads it, one follows it.
export { readConfigFile } from './read-file.ts';
export { watchSampler } from './watch-file.ts';
