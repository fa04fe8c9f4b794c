import { beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/index.js'

/** A query of one line, the carets below it, its code, the message, and values. */
type Mistake = readonly [query: string, carets: string, code: string, message: string, values?: readonly unknown[]]

// biome-ignore format: the carets stand below what they mean
const MISTAKES: Readonly<Record<string, readonly Mistake[]>> = {
  'the count and the target': [
    [
      'NEAREST',
      '       ^',
      'QUERY_SYNTAX',
      'Expected how many neighbours are wanted, a whole number or a parameter, after NEAREST; found the end of the query.',
    ],
    [
      'NEAREST ten TO [0, 0]',
      '        ^^^',
      'QUERY_SYNTAX',
      'Expected how many neighbours are wanted, a whole number or a parameter, after NEAREST; found ten.',
    ],
    [
      'NEAREST 1.5 TO [0, 0]',
      '        ^^^',
      'QUERY_SYNTAX',
      'Expected how many neighbours are wanted, a whole number or a parameter, after NEAREST; found 1.5.',
    ],
    [
      'NEAREST 10',
      '          ^',
      'QUERY_SYNTAX',
      "Expected TO and what they are near to: ENTITY 'id', a vector such as [0.1, 0.2], a parameter, or a PREDICT in parentheses; found the end of the query.",
    ],
    [
      'NEAREST 10 FROM drift',
      '           ^^^^',
      'QUERY_SYNTAX',
      "Expected TO and what they are near to: ENTITY 'id', a vector such as [0.1, 0.2], a parameter, or a PREDICT in parentheses; found FROM.",
    ],
    [
      "NEAREST 10 TO 'a'",
      '              ^^^',
      'QUERY_SYNTAX',
      "Expected ENTITY before the id; found 'a'. Write TO ENTITY 'a'.",
    ],
    [
      'NEAREST 10 TO a',
      '              ^',
      'QUERY_SYNTAX',
      "Expected ENTITY before the id; found a. Write TO ENTITY 'a'.",
    ],
    [
      'NEAREST 10 TO ENTITTY 5',
      '              ^^^^^^^',
      'QUERY_SYNTAX',
      "Expected ENTITY 'id', a vector such as [0.1, 0.2], a parameter, or a PREDICT in parentheses after TO; found ENTITTY. Did you mean ENTITY?",
    ],
    [
      "NEAREST 10 TO PREDICT vector AT 30 FOR ENTITY 'a'",
      '              ^^^^^^^',
      'QUERY_SYNTAX',
      'A PREDICT that is a target stands in parentheses: TO (PREDICT vector AT t FOR ENTITY v).',
    ],
    [
      "NEAREST 10 TO (SELECT vector FOR ENTITY 'a')",
      '               ^^^^^^',
      'QUERY_SYNTAX',
      'Expected PREDICT in the parentheses behind TO; found SELECT.',
    ],
    [
      "NEAREST 10 TO (PREDICT vector AT 30 FOR ENTITY 'a'",
      '                                                  ^',
      'QUERY_SYNTAX',
      'Expected ")" behind the PREDICT of TO; found the end of the query.',
    ],
    [
      "NEAREST 10 TO (PREDICT vector AT 30 FOR ENTITY 'a';)",
      '                                                  ^',
      'QUERY_SYNTAX',
      'Expected ")" behind the PREDICT of TO; found ";".',
    ],
    [
      'NEAREST 10 TO (PREDICT vector AT 30)',
      '                                   ^',
      'QUERY_SYNTAX',
      `Expected FOR ENTITY 'id', FOR ENTITIES ('a', 'b') or FOR EACH ENTITY, which PREDICT cannot do without; found ")".`,
    ],
    [
      "NEAREST 10 TO (PREDICT vector AT 30 FOR ENTITY 'a' WITHIN 3)",
      '                                                   ^^^^^^',
      'QUERY_SYNTAX',
      'Expected a clause of PREDICT (FOR, FROM, WHERE, CONTEXT, USING, WITH, ORDER BY, LIMIT) or ")"; found WITHIN. Did you mean WITH?',
    ],
  ],
  'the clauses': [
    [
      'NEAREST 10 TO [0, 0] [1, 1]',
      '                     ^',
      'QUERY_SYNTAX',
      'Expected a clause of NEAREST (AS OF, AT, BETWEEN, PREDICTED AT, FROM, FOR, WHERE, CONTEXT, USING, WITHIN, PER ENTITY, RETURN, WITH, LIMIT) or the end of the query; found "[".',
    ],
    [
      'NEAREST 10 TO [0, 0] AS OF 10 AT 20',
      '                              ^^',
      'QUERY_SYNTAX',
      'The candidates are chosen once: by AS OF, AT, BETWEEN or PREDICTED AT. To say when the target was, write ENTITY v AT t.',
    ],
    [
      "NEAREST 10 TO ENTITY 'a' AT 10 AT 20 AT 30",
      '                                     ^^',
      'QUERY_SYNTAX',
      'The candidates are chosen once: by AS OF, AT, BETWEEN or PREDICTED AT. To say when the target was, write ENTITY v AT t.',
    ],
    [
      'NEAREST 10 TO [0, 0] PREDICTED 30',
      '                               ^^',
      'QUERY_SYNTAX',
      'Expected AT and a time after PREDICTED; found 30.',
    ],
    [
      "NEAREST 10 TO [0, 0] AS '2030'",
      '                        ^^^^^^',
      'QUERY_SYNTAX',
      "Expected OF and a time after AS; found '2030'.",
    ],
    [
      'NEAREST 10 TO [0, 0] BETWEEN 1',
      '                              ^',
      'QUERY_SYNTAX',
      'Expected AND and the end of the window; found the end of the query.',
    ],
    [
      'NEAREST 10 TO [0, 0] AT 20 TOLERANCE 5',
      '                                     ^',
      'QUERY_SYNTAX',
      "Expected a span of time after TOLERANCE; found 5 without a unit. Write for instance 5d or INTERVAL '5 months'.",
    ],
    [
      'NEAREST 10 TO [0, 0] TOLERANCE 5d',
      '                     ^^^^^^^^^',
      'QUERY_SYNTAX',
      'TOLERANCE stands directly behind AT and its time: AT t TOLERANCE 7d.',
    ],
    [
      "NEAREST 10 TO ENTITY 'a' AT 20 TOLERANCE 5d",
      '                               ^^^^^^^^^',
      'QUERY_SYNTAX',
      'The AT directly behind ENTITY says when the target was. Candidates have an AT of their own, behind that one or another clause: ENTITY v AT t AT t TOLERANCE 7d.',
    ],
    [
      'NEAREST 10 TO [0, 0] WITHIN 5d',
      '                            ^^',
      'QUERY_SYNTAX',
      'Expected a distance, a number or a parameter, after WITHIN; found 5d, a span of time. For candidates that are no older write AT t TOLERANCE 5d.',
    ],
    [
      'NEAREST 10 TO [0, 0] WITHIN near',
      '                            ^^^^',
      'QUERY_SYNTAX',
      'Expected a distance, a number or a parameter, after WITHIN; found near.',
    ],
    [
      'NEAREST 10 TO [0, 0] PER 3',
      '                         ^',
      'QUERY_SYNTAX',
      'Expected ENTITY after PER; found 3.',
    ],
    [
      'NEAREST 10 TO [0, 0] RETURN payload.title',
      '                                   ^',
      'QUERY_SYNTAX',
      'RETURN names whole columns. Write RETURN payload, and take its member from the row.',
    ],
    [
      'NEAREST 10 TO [0, 0] RETURN',
      '                           ^',
      'QUERY_SYNTAX',
      'Expected a column of NEAREST, such as vector, or * after RETURN; found the end of the query.',
    ],
    [
      'NEAREST 10 TO [0, 0] ORDER BY distance',
      '                     ^^^^^',
      'QUERY_SYNTAX',
      'NEAREST has no ORDER BY: its rows come by rank, the nearest first.',
    ],
    [
      'NEAREST 10 TO [0, 0] LAST 3',
      '                     ^^^^',
      'QUERY_SYNTAX',
      'NEAREST has no LAST. The last observation of each entity is AS OF LATEST, which is also meant where nothing is written.',
    ],
    [
      'NEAREST 10 TO [0, 0] SINCE 3',
      '                     ^^^^^',
      'QUERY_SYNTAX',
      'NEAREST has no SINCE. Write BETWEEN t AND u for every observation of a window, or AT u TOLERANCE 7d for the last one of each entity.',
    ],
    [
      'NEAREST 10 TO [0, 0] UNTIL 3',
      '                     ^^^^^',
      'QUERY_SYNTAX',
      'NEAREST has no UNTIL. For what was known at a time write AS OF and the time.',
    ],
    [
      'NEAREST 10 TO [0, 0] SAMPLE BY 1d',
      '                     ^^^^^^',
      'QUERY_SYNTAX',
      'NEAREST has no SAMPLE BY. Ask a statement for each moment, with AS OF.',
    ],
    [
      'NEAREST 10 TO [0, 0] GROUP BY entity',
      '                     ^^^^^',
      'QUERY_SYNTAX',
      'NEAREST has no GROUP BY. To limit how many rows an entity may have, write PER ENTITY 1.',
    ],
    [
      'NEAREST 10 TO [0, 0] TO [1, 1]',
      '                     ^^',
      'QUERY_SYNTAX',
      'NEAREST has one TO. For the neighbours of another vector ask a statement of its own.',
    ],
    [
      'NEAREST 10 TO [0, 0] WITHIM 3',
      '                     ^^^^^^',
      'QUERY_SYNTAX',
      'Expected a clause of NEAREST (AS OF, AT, BETWEEN, PREDICTED AT, FROM, FOR, WHERE, CONTEXT, USING, WITHIN, PER ENTITY, RETURN, WITH, LIMIT) or the end of the query; found WITHIM. Did you mean WITHIN or WITH?',
    ],
    [
      'NEAREST 10 TO [0, 0] PER ENTITY 1 PER ENTITY 2',
      '                                  ^^^',
      'QUERY_SYNTAX',
      'This statement already has PER ENTITY; each clause is given once.',
    ],
    [
      "NEAREST 10 TO [0, 0] WHERE entity = 'a' LIMIT",
      '                                             ^',
      'QUERY_SYNTAX',
      'Expected a whole number, zero or more, or a parameter after LIMIT; found the end of the query.',
    ],
    [
      'NEAREST 10 TO [0, 0])',
      '                    ^',
      'QUERY_SYNTAX',
      'There is nothing open that this ")" could close.',
    ],
  ],
  'what is near to what': [
    [
      'NEAREST 0 TO [0, 0]',
      '        ^',
      'QUERY_TYPE',
      'NEAREST should be a whole number, from 1 to 1000000000; it is 0.',
    ],
    [
      'NEAREST 1e300 TO [0, 0]',
      '        ^^^^^',
      'QUERY_TYPE',
      'NEAREST should be a whole number, from 1 to 1000000000; it is 1e+300.',
    ],
    [
      'NEAREST 1 TO [0, 0] LIMIT 1e300',
      '                          ^^^^^',
      'QUERY_TYPE',
      'LIMIT should be a whole number, from 0 to 9007199254740991; it is 1e+300.',
    ],
    [
      'NEAREST $1 TO [0, 0]',
      '        ^^',
      'QUERY_TYPE',
      "NEAREST should be a whole number, from 1 to 1000000000; it is 'x'.",
      ['x'],
    ],
    [
      'NEAREST 1 TO [0, 0, 0]',
      '             ^^^^^^^^^',
      'QUERY_TYPE',
      'Collection "drift" stores vectors of 2 numbers; this one has 3.',
    ],
    [
      'NEAREST 1 TO $1',
      '             ^^',
      'QUERY_TYPE',
      "TO takes a vector: a Float32Array or a list of numbers; this parameter holds 'a'. For an entity write TO ENTITY $1.",
      ['a'],
    ],
    [
      'NEAREST 1 TO $1',
      '             ^^',
      'QUERY_TYPE',
      'TO takes a vector: a Float32Array or a list of numbers; this parameter holds a list of other things.',
      [[1, '2']],
    ],
    [
      'NEAREST 1 TO $1',
      '             ^^',
      'QUERY_TYPE',
      'Number 1 of this vector is Infinity; all must be finite.',
      [[1, Number.POSITIVE_INFINITY]],
    ],
    [
      'NEAREST 1 TO [1e39, 0]',
      '             ^^^^^^^^^',
      'QUERY_TYPE',
      'Number 0 of this vector is 1e+39, beyond the range of float32; all must be finite.',
    ],
    [
      'NEAREST 1 TO ENTITY 5',
      '                    ^',
      'QUERY_TYPE',
      "An entity id should be text; it is 5. Write it in single quotes: '5'.",
    ],
    [
      "NEAREST 1 TO ENTITY 'x'",
      '                    ^^^',
      'NOT_FOUND',
      `There is no entity 'x' in collection "drift". Known: a, c.`,
    ],
    [
      "NEAREST 1 TO ENTITY 'aa'",
      '                    ^^^^',
      'NOT_FOUND',
      `There is no entity 'aa' in collection "drift". Did you mean 'a'?`,
    ],
    [
      "NEAREST 1 TO ENTITY 'c' AT 10",
      '                    ^^^',
      'NOT_FOUND',
      "Entity 'c' has no observation at or before 1970-01-01T00:00:00.010Z, so that nothing can be near to it.",
    ],
    [
      "NEAREST 1 TO ENTITY 'c' AS OF 10",
      '                    ^^^',
      'NOT_FOUND',
      "Entity 'c' has no observation at or before 1970-01-01T00:00:00.010Z, so that nothing can be near to it.",
    ],
    [
      "NEAREST 1 TO ENTITY 'c' FROM drift AT 10",
      '                    ^^^',
      'NOT_FOUND',
      "Entity 'c' has no observation at 1970-01-01T00:00:00.010Z, so that nothing can be near to it.",
    ],
    [
      "NEAREST 1 TO ENTITY 'c' BETWEEN 5 AND 10",
      '                    ^^^',
      'NOT_FOUND',
      "Entity 'c' has no observation from 1970-01-01T00:00:00.005Z to 1970-01-01T00:00:00.010Z, so that nothing can be near to it.",
    ],
    [
      "NEAREST 1 TO ENTITY 'c' PREDICTED AT 10",
      '                    ^^^',
      'NOT_FOUND',
      "Entity 'c' has no vector at 1970-01-01T00:00:00.010Z (before_first), so that nothing can be near to it.",
    ],
    [
      "NEAREST 1 TO ENTITY 'a' AT LATEST - 1d",
      '                           ^^^^^^^^^^^',
      'QUERY_TYPE',
      'ENTITY v AT takes a moment, or LATEST alone, which is its last observation.',
    ],
    [
      "NEAREST 1 TO (PREDICT vector AT 10 FOR ENTITY 'c')",
      '              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
      'NOT_FOUND',
      "Entity 'c' has no vector at 1970-01-01T00:00:00.010Z (before_first), so that nothing can be near to it.",
    ],
    [
      "NEAREST 1 TO (PREDICT vector AT (10, 20) FOR ENTITY 'a')",
      '              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
      'QUERY_TYPE',
      'The PREDICT of TO gives one vector: one entity at one time; this one gives 2.',
    ],
    [
      'NEAREST 1 TO (PREDICT vector AT 10 FOR EACH ENTITY)',
      '              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
      'QUERY_TYPE',
      'The PREDICT of TO gives one vector: one entity at one time; this one gives several.',
    ],
    [
      "NEAREST 1 TO (PREDICT vector AT 10 FOR EACH ENTITY WHERE entity = 'x')",
      '              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
      'QUERY_TYPE',
      'The PREDICT of TO gives one vector: one entity at one time; this one gives none.',
    ],
    [
      "NEAREST 1 TO (PREDICT vector AT 10 FOR ENTITY 'x')",
      '                                              ^^^',
      'NOT_FOUND',
      `There is no entity 'x' in collection "drift". Known: a, c.`,
    ],
    [
      "NEAREST 1 TO (PREDICT status AT 10 FOR ENTITY 'a')",
      '                      ^^^^^^',
      'QUERY_SYNTAX',
      'The PREDICT of TO gives a vector: write PREDICT vector AT.',
    ],
    [
      "NEAREST 1 TO (PREDICT vector AT 10 FOR ENTITY 'a' FROM others) FROM drift",
      '                                                       ^^^^^^',
      'QUERY_SYNTAX',
      'The PREDICT of TO asks the collection of NEAREST, "drift". Leave its FROM out.',
    ],
  ],
  'which candidates, and what is said of them': [
    [
      'NEAREST 1 TO [0, 0] FROM drfit',
      '                         ^^^^^',
      'QUERY_UNKNOWN_NAME',
      `There is no collection "drfit". Did you mean 'drift'?`,
    ],
    [
      "NEAREST 1 TO [0, 0] FOR ENTITY 'x'",
      '                               ^^^',
      'NOT_FOUND',
      `There is no entity 'x' in collection "drift". Known: a, c.`,
    ],
    [
      'NEAREST 1 TO [0, 0] AS OF FIRST',
      '                          ^^^^^',
      'QUERY_TYPE',
      'AS OF takes one moment for all entities; FIRST is another one for each of them.',
    ],
    [
      'NEAREST 1 TO [0, 0] PREDICTED AT LATEST',
      '                                 ^^^^^^',
      'QUERY_TYPE',
      'PREDICTED AT takes one moment for all entities; LATEST is another one for each of them.',
    ],
    [
      'NEAREST 1 TO [0, 0] BETWEEN 5 AND 1',
      '                    ^^^^^^^^^^^^^^^',
      'QUERY_TYPE',
      'BETWEEN ends before it begins. Swap its ends.',
    ],
    [
      'NEAREST 1 TO [0, 0] AT 5 TOLERANCE -1d',
      '                                   ^^^',
      'QUERY_TYPE',
      'TOLERANCE looks back from AT: it is a span of 0 or more.',
    ],
    [
      'NEAREST 1 TO [0, 0] USING linear',
      '                    ^^^^^^^^^^^^',
      'QUERY_SYNTAX',
      'USING says how to predict, and these candidates are stored. It belongs to PREDICTED AT, or into the parentheses of TO (PREDICT ...).',
    ],
    [
      'NEAREST 1 TO [0, 0] CONTEXT LAST 5',
      '                    ^^^^^^^^^^^^^^',
      'QUERY_SYNTAX',
      'CONTEXT says how to predict, and these candidates are stored. It belongs to PREDICTED AT, or into the parentheses of TO (PREDICT ...).',
    ],
    [
      "NEAREST 1 TO [0, 0] WITH (fallback = 'last')",
      '                          ^^^^^^^^',
      'QUERY_SYNTAX',
      'The option fallback says how to predict, and these candidates are stored. It belongs to PREDICTED AT, or into the parentheses of TO (PREDICT ...).',
    ],
    [
      'NEAREST 1 TO [0, 0] PREDICTED AT 5 USING liner',
      '                                         ^^^^^',
      'QUERY_UNKNOWN_NAME',
      `There is no method "liner". Did you mean 'linear'?`,
    ],
    [
      'NEAREST 1 TO [0, 0] PREDICTED AT 5 WHERE timestamp > 1',
      '                                         ^^^^^^^^^',
      'QUERY_TYPE',
      'timestamp is of stored observations, and candidates of PREDICTED AT are predictions. WHERE chooses them by entity and attributes.',
    ],
    [
      'NEAREST 1 TO [0, 0] PREDICTED AT 5 WHERE payload.x = 1',
      '                                         ^^^^^^^^^',
      'QUERY_TYPE',
      'payload is of stored observations, and candidates of PREDICTED AT are predictions. WHERE chooses them by entity and attributes.',
    ],
    [
      "NEAREST 1 TO [0, 0] PREDICTED AT 5 WHERE entitty = 'a'",
      '                                         ^^^^^^^',
      'QUERY_UNKNOWN_NAME',
      `There is no column for WHERE of NEAREST "entitty". Did you mean 'entity'?`,
    ],
    [
      "NEAREST 1 TO [0, 0] WHERE entitty = 'a'",
      '                          ^^^^^^^',
      'QUERY_UNKNOWN_NAME',
      `There is no column for WHERE of NEAREST "entitty". Did you mean 'entity'?`,
    ],
    [
      'NEAREST 1 TO [0, 0] WHERE distance < 1',
      '                          ^^^^^^^^',
      'QUERY_TYPE',
      'distance is known once candidates are ranked, and WHERE chooses them before that. For a greatest distance write WITHIN.',
    ],
    [
      'NEAREST 1 TO [0, 0] WHERE count(*) > 1',
      '                          ^^^^^^^^',
      'QUERY_SYNTAX',
      'NEAREST has no aggregates. They are taken of stored observations, by SELECT.',
    ],
    [
      'NEAREST 1 TO [0, 0] PREDICTED AT 5 WHERE count(*) > 1',
      '                                         ^^^^^^^^',
      'QUERY_SYNTAX',
      'NEAREST has no aggregates. They are taken of stored observations, by SELECT.',
    ],
    [
      'NEAREST 1 TO [0, 0] WITHIN $1',
      '                           ^^',
      'QUERY_TYPE',
      "WITHIN takes a distance, a finite number; it is 'x'.",
      ['x'],
    ],
    [
      'NEAREST 1 TO [0, 0] PER ENTITY 0',
      '                               ^',
      'QUERY_TYPE',
      'PER ENTITY should be a whole number, 1 or more; it is 0.',
    ],
    [
      'NEAREST 1 TO [0, 0] RETURN vectr',
      '                           ^^^^^',
      'QUERY_UNKNOWN_NAME',
      `There is no column of NEAREST "vectr". Did you mean 'vector'?`,
    ],
    [
      'NEAREST 1 TO [0, 0] RETURN method',
      '                           ^^^^^^',
      'QUERY_SYNTAX',
      'method is of predictions, which PREDICTED AT searches; these candidates are stored.',
    ],
    [
      'NEAREST 1 TO [0, 0] PREDICTED AT 5 RETURN payload',
      '                                          ^^^^^^^',
      'QUERY_SYNTAX',
      'payload is of stored observations; candidates of PREDICTED AT are predictions.',
    ],
    [
      'NEAREST 1 TO [0, 0] RETURN vector, vector',
      '                                   ^^^^^^',
      'QUERY_SYNTAX',
      'Two columns are called "vector". Give one another name with AS.',
    ],
    [
      'NEAREST 1 TO [0, 0] RETURN vector AS entity',
      '                                     ^^^^^^',
      'QUERY_SYNTAX',
      'Two columns are called "entity". Give one another name with AS.',
    ],
    [
      'NEAREST 1 TO [0, 0] RETURN vector AS "__proto__"',
      '                                     ^^^^^^^^^^^',
      'QUERY_SYNTAX',
      'No column can be called "__proto__". Give it another name with AS.',
    ],
    [
      'NEAREST 1 TO [0, 0] WITH (alfa = 0.5)',
      '                          ^^^^',
      'QUERY_UNKNOWN_NAME',
      'There is no option of NEAREST "alfa". Known: alpha, at, fallback, timeout_ms.',
    ],
    [
      'NEAREST 1 TO [0, 0] WITH (alpha = 2)',
      '                                  ^',
      'QUERY_TYPE',
      'alpha should be a number from 0, which ranks by age alone, to 1, which ranks by distance alone.',
    ],
    [
      "NEAREST 1 TO [0, 0] WITH (at = 'now')",
      '                               ^^^^^',
      'QUERY_TYPE',
      "'now' is not a time. Expected epoch milliseconds, a Date, or ISO-8601 text such as '2030', '2030-12-31' or '2030-12-31T08:00:00Z'.",
    ],
  ],
}

let db: Database

beforeAll(async () => {
  db = await openDatabase({ storage: { path: ':memory:' } })
  const drift = await db.createCollection('drift', { dimension: 2, metric: 'l2' })
  await drift.insert([
    { entity: 'a', timestamp: 0, vector: [0, 0] },
    { entity: 'a', timestamp: 10, vector: [1, 0] },
    { entity: 'c', timestamp: 20, vector: [5, 5] },
  ])
  return () => db.close()
})

describe.each(Object.entries(MISTAKES))('mistakes in %s', (_, mistakes) => {
  test.each(mistakes.map((mistake) => ({ mistake, query: mistake[0] })))(
    '$query',
    async ({ mistake: [query, carets, code, message, values = []] }) => {
      const error = await db.query(query, values).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(Error)
      expect((error as Error).message).toBe(`${message}\n\n${`1 | ${query}`.trimEnd()}\n  | ${carets}`)
      expect(error).toMatchObject({ code, line: 1, column: carets.indexOf('^') + 1 })
    },
  )
})
