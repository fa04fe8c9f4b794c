import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { compileModel } from '../support/torch-models.js'
import { collection, item, never, type Opened, type Points } from './support/analytics.js'
import { openModel, torchSuite } from './support/torch.js'

const text = readFileSync(new URL('../../docs/model-contract.md', import.meta.url), 'utf8')
const block = (language: string): string => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(text)![1]!
const { observations, target, answer } = JSON.parse(block('json')) as { observations: Points; target: number; answer: number[][] }

async function answerOf({ analytics }: Opened) {
  const words = collection(2)
  const route = await analytics.route({ collection: words })
  const [[first] = []] = await analytics.predict(route, words, [item(observations, [target])], { signal: never })
  return first
}

const EXPECTED = { vector: Float32Array.from(answer[0]!), method: 'neural_ode', model: 'm.pt', contextCount: 3, firstRefusal: undefined }

torchSuite('the worked example of docs/model-contract.md', () => {
  test('gives its answer when it is compiled here', async () => {
    const source = `
def forward(self, trajectory: Tensor, target_t: Tensor) -> Tensor:
    last = trajectory[:, -1, :]
    ahead = target_t - last[:, :1]
    return last[:, 1:] + self.change * ahead
`
    expect(await answerOf(openModel(compileModel(source, { parameters: { change: { shape: [2], values: Float32Array.of(4, 8) } } })))).toEqual(
      EXPECTED,
    )
  })

  test('gives its answer when Python runs the code of the page', async (context) => {
    const python = process.env['CHRONODE_PYTHON'] ?? '/usr/bin/python3'
    const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'drift.py'), block('python'))
    const { stderr, status, error } = spawnSync(python, ['drift.py'], { cwd: folder, encoding: 'utf8' })
    if (error !== undefined || stderr.includes("No module named 'torch'")) context.skip(`${python} has no torch`)
    expect(status, stderr).toBe(0)
    const opened = openModel(readFileSync(join(folder, 'drift.pt')))

    expect(await answerOf(opened)).toEqual(EXPECTED)
    expect(opened.analytics.models()[0]!.card).toMatchObject({ architecture: 'drift/1', dimension: 2, context: 16 })
  })

  test('is a file of another PyTorch, too: the fixture that 1.13 wrote', async () => {
    const { analytics } = openModel(readFileSync(new URL('fixtures/last.pt', import.meta.url)))
    const three = collection(3)
    const route = await analytics.route({ collection: three })
    const answers = await analytics.predict(route, three, [item([[0, [1, 2, 3]]], [5])], { signal: never })
    expect(answers).toMatchObject([[{ vector: Float32Array.of(1, 2, 3), method: 'neural_ode' }]])
  })
})
