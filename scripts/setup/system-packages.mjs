// What the native code needs from the operating system, on Debian and Ubuntu: CMake, a C++ compiler, libtorch.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { answers, run, SetupError, say } from './command.mjs'

const TOOLS = ['cmake', 'g++', 'make']
/** OpenBLAS because the reference BLAS, which apt would choose, makes libtorch 3.5 times slower. */
const LIBTORCH = ['libtorch-dev', 'libopenblas0-pthread']
const PYTHON = ['python3', 'python3-torch']

/** The packages that would bring what the build lacks, in groups that can be installed one without the other. */
export function missingForBuild({ libtorchFound }) {
  const hasTools = answers('cmake') && answers('make') && answers(process.env.CXX || 'c++')
  return [...(hasTools ? [] : [TOOLS]), ...(libtorchFound ? [] : [LIBTORCH])]
}

/** Only in CI: a developer may have torch elsewhere, or none, and then the test that trains a model is skipped. */
export function missingForTraining() {
  return process.env.CI === undefined || !isDebian() || isInstalled('python3-torch') ? [] : [PYTHON]
}

/** Installs groups of packages where this process may: as root on Debian or Ubuntu, or in CI with sudo. Else says the command. */
export function installSystemPackages(groups) {
  const packages = groups.flat().join(' ')
  const mayInstall = privilege()
  if (!isDebian()) return say(`for native code, install what Debian calls ${packages}, then run "npm run setup" again`)
  if (mayInstall === undefined) return say(`for native code, run: sudo apt-get install -y --no-install-recommends ${packages} && npm run setup`)
  say(`installing ${packages} (a minute or two)`)
  aptGet(mayInstall, ['update', '-q'])
  for (const group of groups) {
    const problem = aptGet(mayInstall, ['install', '-y', '--no-install-recommends', ...group])
    if (problem !== undefined) say(`could not install ${group.join(' ')}: ${problem}`)
  }
}

/** @returns what went wrong, or undefined. */
function aptGet(prefix, args) {
  const [program, ...rest] = [...prefix, 'apt-get', '-o', 'DPkg::Lock::Timeout=300', ...args]
  try {
    run(program, rest, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    return undefined
  } catch (error) {
    if (error instanceof SetupError) return error.message
    throw error
  }
}

function isDebian() {
  return existsSync('/etc/debian_version') && answers('apt-get')
}

/** What to put before a command that needs root; undefined: this process may not. */
function privilege() {
  if (process.getuid?.() === 0) return []
  const mayAsk = process.env.CI !== undefined && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
  return mayAsk ? ['sudo', '-n', '-E'] : undefined
}

function isInstalled(name) {
  const result = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' })
  return result.status === 0 && result.stdout.includes('\nStatus: install ok installed\n')
}
