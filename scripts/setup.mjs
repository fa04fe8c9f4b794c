#!/usr/bin/env node
// Brings what the project needs, skips what is there: its own Node where the running one is too old, npm packages,
// native code, dist/. `node scripts/setup.mjs [packages] [native] [dist]`; without a word: all. Runs on any Node from 14.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { environmentOf, SetupError, say } from './setup/command.mjs'
import { buildDist, distIsCurrent } from './setup/dist.mjs'
import { OWN_NODE_FOLDER, ownNode, ROOT, RUNNING_NODE_IS_FIT } from './setup/find-node.mjs'
import { withLock } from './setup/lock.mjs'
import { setUpNative } from './setup/native.mjs'
import { installPackages, packagesAreCurrent } from './setup/packages.mjs'

const STEPS = { packages: setUpPackages, native: setUpNative, dist: setUpDist }
const LOCK = join(ROOT, '.setup.lock')

async function main(words) {
  const unknown = words.find((word) => !Object.hasOwn(STEPS, word))
  if (unknown !== undefined) throw new SetupError(`There is no step "${unknown}"; there are ${Object.keys(STEPS).join(', ')}.`)
  if (!RUNNING_NODE_IS_FIT) return await startAgainUnderOwnNode(words)
  await withLock(LOCK, say, async () => {
    for (const [name, step] of Object.entries(STEPS)) {
      if (words.length === 0 || words.includes(name)) await step()
    }
  })
  return 0
}

async function startAgainUnderOwnNode(words) {
  await withLock(LOCK, say, setUpOwnNode)
  const node = ownNode()
  if (node === undefined) {
    throw new SetupError(`There is no packaged Node for ${process.platform}-${process.arch}. Install Node 22.14 or newer and start again.`)
  }
  const child = spawnSync(node, [join(ROOT, 'scripts', 'setup.mjs'), ...words], { stdio: 'inherit', env: environmentOf(node) })
  if (child.error) throw new SetupError(`${node} does not run here: ${child.error.message}. Install Node 22.14 or newer and start again.`)
  return child.status ?? 1
}

function setUpOwnNode() {
  if (ownNode() !== undefined && packagesAreCurrent(OWN_NODE_FOLDER)) return
  say(`Node ${process.versions.node} is too old; installing one for this project alone`)
  installPackages(OWN_NODE_FOLDER)
}

function setUpPackages() {
  if (packagesAreCurrent(ROOT)) return say('packages are there')
  say('installing packages')
  installPackages(ROOT)
}

function setUpDist() {
  if (distIsCurrent()) return say('dist/ is built')
  say('building dist/')
  buildDist()
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`setup: ${error.message}`)
  process.exitCode = 1
}
