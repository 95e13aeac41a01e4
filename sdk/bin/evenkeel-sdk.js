#!/usr/bin/env node
// Starts the command line of the SDK; everything is in dist.
import { runCommand } from '../dist/doctor.js';

process.exitCode = await runCommand(process.argv.slice(2));
