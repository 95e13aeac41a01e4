#!/usr/bin/env node
// Entry of the `evenkeel` command: checks the Node version in one clear line, then loads the built program.
// Plain JavaScript, so that it also runs (and can refuse) on an old Node.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`evenkeel needs Node 22.15 or newer; this is Node ${process.versions.node}\n`);
  process.exit(1);
}
await import('../dist/main.js');
