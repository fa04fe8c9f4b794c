import { times } from './absolute.ts'
import { atLeast, atMost, type Finding, finding, type Scale } from './finding.ts'
import { History, type HistoryShape } from './history.ts'
import { type Candidate, compare } from './measure.ts'
import { timeOf } from './observations.ts'

/** Reads of trajectories, of the newest of all, and of moments of the past, against the peer's best prepared statements. */
export async function reads(scale: Scale): Promise<Finding[]> {
  const shape: HistoryShape = scale === 'quick' ? { dimension: 8, entities: 10, perEntity: 100 } : { dimension: 128, entities: 200, perEntity: 1000 }
  const rounds = scale === 'quick' ? 1 : 9
  await using history = await History.load(shape)
  const calls = scale === 'quick' ? 20 : 2000
  return [
    await trajectories(history, rounds),
    await newestOfAll(history, rounds),
    ...(await asOfOne(history, calls, rounds)),
    await asOfAll(history, rounds),
  ]
}

async function trajectories({ collection, entities, peer, shape }: History, rounds: number): Promise<Finding> {
  const ours: Candidate = {
    name: 'trajectory',
    calls: entities.length,
    async run() {
      for (const entity of entities) expectCount((await collection.trajectory({ entity })).timestamps.length, shape.perEntity)
    },
  }
  const theirs: Candidate = {
    name: 'rows',
    calls: entities.length,
    run() {
      for (const entity of entities) expectCount(peer.trajectory(entity).timestamps.length, shape.perEntity)
    },
  }
  const ratio = await compare(theirs, ours, rounds)
  const work = `trajectory of ${shape.perEntity} points × ${shape.dimension}`
  return finding(work, 'a prepared read into one Float32Array', ratio, times(ratio.secondUs, ratio.firstUs), atLeast(4, 6))
}

async function newestOfAll({ db, entities, peer }: History, rounds: number): Promise<Finding> {
  const statement = db.prepare('SELECT entity, timestamp, vector FROM walks LAST 50')
  const ours: Candidate = {
    name: 'LAST 50',
    calls: 1,
    async run() {
      let rows = 0
      for await (const _ of statement.iterate()) rows++
      expectCount(rows, entities.length * 50)
    },
  }
  const theirs: Candidate = {
    name: 'rows',
    calls: 1,
    run() {
      let rows = 0
      for (const entity of entities) rows += peer.newest(entity).length
      expectCount(rows, entities.length * 50)
    },
  }
  const ratio = await compare(theirs, ours, rounds)
  return finding(`last 50 of ${entities.length} entities, by iterate()`, 'a prepared LIMIT 50 an entity', ratio, times(ratio.secondUs, ratio.firstUs))
}

async function asOfOne({ db, entities, peer, shape }: History, calls: number, rounds: number): Promise<Finding[]> {
  const statement = db.prepare('SELECT timestamp, vector FROM walks AS OF $1 FOR ENTITY $2')
  const moments = Array.from({ length: calls }, (_, i) => ({ entity: entities[i % entities.length]!, at: timeOf((i * 37) % shape.perEntity) + 1 }))
  const ours: Candidate = {
    name: 'AS OF',
    calls,
    async run() {
      for (const { entity, at } of moments) expectCount((await statement.all([at, entity])).rows.length, 1)
    },
  }
  const read = (name: 'newestBefore' | 'newestBeforePlain'): Candidate => ({
    name,
    calls,
    run() {
      for (const { entity, at } of moments) expectCount(peer[name](entity, at) === undefined ? 0 : 1, 1)
    },
  })
  const plain = await compare(ours, read('newestBeforePlain'), rounds)
  const best = await compare(ours, read('newestBefore'), rounds)
  return [
    finding('AS OF one entity, prepared', 'a prepared newest-row-before read', plain, times(plain.firstUs, plain.secondUs), atMost(2)),
    finding('AS OF one entity, prepared', 'the same, written so that SQLite keeps it prepared', best, times(best.firstUs, best.secondUs)),
  ]
}

async function asOfAll({ collection, entities, peer, shape }: History, rounds: number): Promise<Finding> {
  const at = timeOf(shape.perEntity / 2) + 1
  const ours: Candidate = {
    name: 'AS OF',
    calls: 1,
    async run() {
      expectCount((await collection.asOf(at)).length, entities.length)
    },
  }
  const theirs: Candidate = {
    name: 'rows',
    calls: 1,
    run() {
      expectCount(entities.filter((entity) => peer.newestBefore(entity, at) !== undefined).length, entities.length)
    },
  }
  const ratio = await compare(ours, theirs, rounds)
  return finding(`AS OF all ${entities.length} entities`, 'a prepared newest-row-before read an entity', ratio, times(ratio.firstUs, ratio.secondUs))
}

function expectCount(count: number, expected: number): void {
  if (count !== expected) throw new Error(`${count} came, ${expected} should have`)
}
