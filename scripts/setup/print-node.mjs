// For scripts/node: prints `FLAGS:PATH` of the project's Node.
import { findNode } from './find-node.mjs'

const found = findNode()
if (found === undefined) {
  console.error(`Chronode needs Node 22.14 or newer; this is ${process.version}. Run "npm run setup", which installs one for this project alone.`)
  process.exitCode = 1
} else {
  console.log(`${found.flags.join(' ')}:${found.node}`)
}
