// What the native code needs from the operating system, on Debian and Ubuntu: CMake, a C++ compiler, libtorch.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { answers, run, SetupError, say } from './command.mjs'

const TOOLS = ['cmake', 'g++', 'make']
/** OpenBLAS because the reference BLAS, which apt would choose, makes libtorch 3.5 times slower. */
const LIBTORCH = ['libtorch-dev', 'libopenblas0-pthread']
/** For the tests that train a model in Python; a developer may have torch elsewhere. */
const PYTHON = ['python3', 'python3-torch']

/** The packages that would bring what is missing. */
export function missingPackages({ libtorchFound }) {
  const tools = answers('cmake') && answers('make') && (answers('c++') || answers('g++')) ? [] : TOOLS
  const libtorch = libtorchFound ? [] : LIBTORCH
  const python = process.env.CI === undefined || !isDebian() || isInstalled('python3-torch') ? [] : PYTHON
  return [...tools, ...libtorch, ...python]
}

/**
 * Installs them where this process may: as root on Debian or Ubuntu, or in CI with sudo. Else says the command.
 *
 * @returns whether all were installed.
 */
export function installSystemPackages(packages) {
  if (packages.length === 0) return true
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages]
  const prefix = privilege()
  if (!isDebian()) {
    say(
      `native code: not found: ${packages.join(', ')} (Debian's names). Install CMake, a C++20 compiler and libtorch, then run "npm run setup" again.`,
    )
    return false
  }
  if (prefix === undefined) {
    say(`native code: something is missing. For predictions by models, run: sudo ${command.join(' ')} && npm run setup`)
    return false
  }
  say(`installing ${packages.join(', ')} (about a minute)`)
  const [program, ...args] = [...prefix, 'apt-get', '-o', 'DPkg::Lock::Timeout=300']
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  try {
    run(program, [...args, 'update', '-q'], environment)
    run(program, [...args, ...command.slice(1)], environment)
    return true
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(`native code: could not install it. ${error.message}`)
    return false
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
