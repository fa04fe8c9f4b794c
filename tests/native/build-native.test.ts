import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildNative } from '../../scripts/build-native.mjs'
import { findLibtorch } from '../../scripts/find-libtorch.mjs'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const canCompile = ['cmake', 'c++'].every((command) => spawnSync(command, ['--version']).status === 0)

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'chronode-build-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

/** A place that looks like a libtorch to whoever only looks. */
function libtorchIn(path: string, config = 'set(Torch_FOUND TRUE)'): string {
  const cmake = join(path, 'share', 'cmake', 'Torch')
  mkdirSync(cmake, { recursive: true })
  writeFileSync(join(cmake, 'TorchConfig.cmake'), config)
  return cmake
}

describe('libtorch is looked for', () => {
  test('where LIBTORCH says, then beside a Python’s torch, then in the system; each once', () => {
    const [named, site, system] = [folder(), folder(), folder()]
    const python = join(folder(), 'python3')
    writeFileSync(python, `#!/bin/sh\necho ${site}\n`)
    chmodSync(python, 0o755)
    const expected = [named, site, system].map((path) => libtorchIn(path))
    const { candidates, notes } = findLibtorch({ env: { LIBTORCH: named }, pythons: [python, python], prefixes: [system, named] })
    expect(candidates.map(({ config }) => config)).toEqual(expected)
    expect(candidates.map(({ source }) => source)).toEqual(['LIBTORCH', python, 'the system'])
    expect(notes).toEqual([])
  })

  test('and a place that has none is named when the user named it', () => {
    const empty = folder()
    const python = join(empty, 'python3')
    writeFileSync(python, `#!/bin/sh\necho ${empty}\n`) // a distribution's torch, without CMake's files
    chmodSync(python, 0o755)
    const { candidates, notes } = findLibtorch({ env: { LIBTORCH: empty }, pythons: [python, '/no/such/python3'], prefixes: [empty] })
    expect(candidates).toEqual([])
    expect(notes).toEqual([`LIBTORCH names ${empty}, which holds no share/cmake/Torch/TorchConfig.cmake`])
  })

  test('and tried again without its own CMake files, where it is laid out so', () => {
    const path = folder()
    const config = libtorchIn(path)
    mkdirSync(join(path, 'include', 'torch'), { recursive: true })
    const { candidates } = findLibtorch({ env: { LIBTORCH: path }, pythons: [], prefixes: [] })
    expect(candidates.map(({ plain }) => plain)).toEqual([undefined, path])
    expect(candidates.map((candidate) => candidate.config)).toEqual([config, config])
    expect(new Set(candidates.map(({ identity }) => identity)).size).toBe(2)
  })

  test('and is known by another identity once its files change', () => {
    const path = folder()
    libtorchIn(path)
    const identity = () => findLibtorch({ env: {}, pythons: [], prefixes: [path] }).candidates[0]!.identity
    const before = identity()
    expect(identity()).toBe(before)
    libtorchIn(path, 'set(Torch_FOUND TRUE) # another version')
    expect(identity()).not.toBe(before)
  })
})

/** A project of the same shape with addons of one function, which compile in a second. */
class Project {
  readonly root = folder()
  readonly log: string[] = []
  libtorchs: string[] = []
  library: string | undefined

  constructor() {
    for (const name of ['kernels', 'torch', 'node', 'tests']) mkdirSync(join(this.root, 'native', name), { recursive: true })
    symlinkSync(join(repository, 'node_modules'), join(this.root, 'node_modules'))
    writeFileSync(join(this.root, 'package.json'), '{}')
    writeFileSync(join(this.root, 'native', 'package.json'), readFileSync(join(repository, 'native', 'package.json')))
    writeFileSync(join(this.root, 'native', 'CMakeLists.txt'), CMAKE)
    writeFileSync(join(this.root, 'native', 'node', 'addon_interface.h'), 'inline constexpr int kAddonInterface = 7;')
    this.write('kernels', 'napi_value value; napi_create_int32(env, 1, &value); napi_set_named_property(env, exports, "simd", value);')
    this.write('torch', selfTest('{"version":"9.8.7","library":"/x","error":""}'))
  }

  write(name: 'kernels' | 'torch', body: string): void {
    const text = `#include <node_api.h>\nextern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {\n${body}\nreturn exports; }\n`
    writeFileSync(join(this.root, 'native', name, 'addon.cc'), text)
  }

  build(force = false) {
    const candidates = this.libtorchs.map((config) => ({
      ...(this.library === undefined ? {} : { library: this.library }),
      source: 'a test',
      config,
      identity: `${config} ${readFileSync(join(config, 'TorchConfig.cmake'), 'utf8')}`,
    }))
    return buildNative({
      root: this.root,
      fixtures: false,
      force,
      find: () => ({ candidates, notes: [] }),
      log: (line: string) => this.log.push(line),
    })
  }

  addon(name: string): string {
    return join(this.root, 'build', 'native', name)
  }
}

const CMAKE = `cmake_minimum_required(VERSION 3.18)
project(native LANGUAGES CXX)
include_directories(\${CMAKE_JS_INC})
if(CHRONODE_TORCH STREQUAL "OFF")
  add_library(chronode_kernels SHARED kernels/addon.cc)
  set_target_properties(chronode_kernels PROPERTIES PREFIX "" SUFFIX ".node")
else()
  find_package(Torch REQUIRED)
  add_library(chronode_torch SHARED torch/addon.cc)
  set_target_properties(chronode_torch PROPERTIES PREFIX "" SUFFIX ".node")
endif()
`

/** The body of an addon whose selfTest() answers so. */
function selfTest(json: string): string {
  return `napi_value code, value; napi_create_string_utf8(env, ${JSON.stringify(`(() => (${json}))`)}, NAPI_AUTO_LENGTH, &code);
    napi_run_script(env, code, &value); napi_set_named_property(env, exports, "selfTest", value);`
}

describe.skipIf(!canCompile)('a build', () => {
  test('keeps the kernels when a libtorch is broken, tries the next, and then does nothing until something changes', async () => {
    const project = new Project()
    expect(await project.build()).toMatchObject({
      kernels: { state: 'built' },
      torch: { state: 'skipped', message: expect.stringContaining('no libtorch was found') },
    })

    const broken = libtorchIn(folder(), 'message(FATAL_ERROR "this libtorch is broken")')
    project.libtorchs = [broken]
    const failed = await project.build()
    expect(failed).toMatchObject({
      kernels: { state: 'kept' },
      torch: { state: 'failed', message: expect.stringContaining('this libtorch is broken') },
    })
    const startMs = performance.now()
    expect((await project.build()).torch.message).toContain('nothing changed since; --force tries again')
    expect(performance.now() - startMs).toBeLessThan(1000)

    project.libtorchs = [broken, libtorchIn(folder())]
    expect((await project.build()).torch).toMatchObject({ state: 'built', message: expect.stringContaining('libtorch 9.8.7 of a test') })
    const info = JSON.parse(readFileSync(project.addon('chronode_torch.json'), 'utf8')) as object
    expect(info).toMatchObject({ interface: 7, platform: process.platform, arch: process.arch, torch: '9.8.7', library: '/x' })
    expect(await project.build()).toMatchObject({ kernels: { state: 'kept' }, torch: { state: 'kept' } })
  })

  test('leaves the old addon in place while its successor does not compile, or fails its self-test', async () => {
    const project = new Project()
    project.libtorchs = [libtorchIn(folder())]
    await project.build()
    const old = readFileSync(project.addon('chronode_torch.node'))
    project.write('torch', 'this is no C++')
    expect((await project.build()).torch).toMatchObject({ state: 'failed', message: expect.stringMatching(/the build failed: .*error/) })
    project.write('torch', selfTest('{"error":"wrong numbers"}'))
    expect((await project.build()).torch).toMatchObject({ state: 'failed', message: expect.stringContaining('does not work: wrong numbers') })
    project.write('torch', selfTest(`{"version":"9.8.7","library":"${join(project.root, 'package.json')}","error":""}`))
    project.library = project.libtorchs[0]
    expect((await project.build()).torch).toMatchObject({ state: 'failed', message: expect.stringContaining('it was linked with another one') })
    project.library = undefined
    project.write('torch', '__builtin_trap();')
    expect((await project.build()).torch).toMatchObject({ state: 'failed', message: expect.stringContaining('does not work: it ended with SIG') })
    expect(readFileSync(project.addon('chronode_torch.node')).equals(old)).toBe(true)
    project.write('torch', selfTest('{"version":"9.9.9","library":"/x","error":""}'))
    expect((await project.build()).torch.state).toBe('built')
    expect(existsSync(project.addon('chronode_torch.failed.json'))).toBe(false)
  })
})
