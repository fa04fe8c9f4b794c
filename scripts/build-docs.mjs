#!/usr/bin/env node
// `npm run docs`: the reference of the public surface from its docstrings, into build/docs. A warning is a failure.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { SetupError, say } from './setup/command.mjs'
import { findNode, ROOT } from './setup/find-node.mjs'
import { installPackages, packagesAreCurrent } from './setup/packages.mjs'

const TOOLS = join(ROOT, 'tools', 'docs')
const TYPEDOC = join(TOOLS, 'node_modules', 'typedoc', 'bin', 'typedoc')

try {
  if (!packagesAreCurrent(TOOLS)) {
    say('installing TypeDoc for this project alone')
    installPackages(TOOLS)
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`docs: ${error.message}`)
  process.exit(1)
}
const options = [
  '--entryPoints',
  'src/index.ts',
  '--tsconfig',
  'tsconfig.json',
  '--out',
  'build/docs',
  '--name',
  'Chronode',
  '--readme',
  'docs/api.md',
]
// Types are checked by the project's own TypeScript; sources have no public address to link to.
const strictness = ['--treatWarningsAsErrors', '--skipErrorChecking', '--excludeInternal', '--disableSources']
process.exitCode = spawnSync(findNode().node, [TYPEDOC, ...options, ...strictness], { cwd: ROOT, stdio: 'inherit' }).status ?? 1
